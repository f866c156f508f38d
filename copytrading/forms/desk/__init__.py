"""What is filled in for announcements, notes on people and complaints."""
