"""What every request passes before and after whoever answers it."""
