"""Evaluators: Runnables under LangChain's names, which are LangSmith evaluators too."""
