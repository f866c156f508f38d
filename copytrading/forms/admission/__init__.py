"""What people are asked before they are let in."""
