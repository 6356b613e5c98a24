"""What programs ask and tell us over HTTP; thin."""
