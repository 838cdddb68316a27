"""Where lc_scoring meets other tools; none of these modules is loaded unless it is asked for."""
