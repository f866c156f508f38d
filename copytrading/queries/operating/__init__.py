"""What operators read: what needs a person, what is owed, what is halted, and which processes are alive."""
