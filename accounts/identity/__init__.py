"""Who somebody is: how one signs in, proves it again, and what a second factor is sealed with."""
