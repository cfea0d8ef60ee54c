"""What everybody shares: types, checks of what users pass in, threads, names, printing."""
