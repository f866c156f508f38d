"""What somebody is asked before they copy: texts to accept, questions, and whose rules count."""
