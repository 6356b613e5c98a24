"""What other products know: read from their files and APIs, and written as ours."""
