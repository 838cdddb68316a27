"""Small models fitted on human labels that score without a language model."""
