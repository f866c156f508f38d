"""What operators take along: the close of a day, how well orders were executed, and which leads are suspicious."""
