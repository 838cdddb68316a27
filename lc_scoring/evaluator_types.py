"""Evaluator types: the names of the built-in evaluators, and where each is made."""

from __future__ import annotations

from enum import StrEnum


class EvaluatorType(StrEnum):
    """The built-in evaluators: LangChain's, by its names, and ours."""

    QA = "qa"
    COT_QA = "cot_qa"
    CONTEXT_QA = "context_qa"
    SCORE_STRING = "score_string"
    LABELED_SCORE_STRING = "labeled_score_string"
    CRITERIA = "criteria"
    LABELED_CRITERIA = "labeled_criteria"
    PAIRWISE_STRING = "pairwise_string"
    LABELED_PAIRWISE_STRING = "labeled_pairwise_string"
    AGENT_TRAJECTORY = "trajectory"
    STRING_DISTANCE = "string_distance"
    PAIRWISE_STRING_DISTANCE = "pairwise_string_distance"
    EMBEDDING_DISTANCE = "embedding_distance"
    PAIRWISE_EMBEDDING_DISTANCE = "pairwise_embedding_distance"
    EXACT_MATCH = "exact_match"
    REGEX_MATCH = "regex_match"
    JSON_VALIDITY = "json_validity"
    JSON_EQUALITY = "json_equality"
    JSON_EDIT_DISTANCE = "json_edit_distance"
    JSON_SCHEMA_VALIDATION = "json_schema_validation"
    # Ours: retrieval-augmented generation, the stars, rankings of ids, structured extraction.
    RAG = "rag"
    FAITHFULNESS = "faithfulness"
    ANSWER_RELEVANCY = "answer_relevancy"
    ANSWER_SIMILARITY = "answer_similarity"
    ANSWER_CORRECTNESS = "answer_correctness"
    CONTEXT_PRECISION = "context_precision"
    CONTEXT_RECALL = "context_recall"
    CONTEXT_RELEVANCY = "context_relevancy"
    CONTEXT_ENTITY_RECALL = "context_entity_recall"
    NOISE_SENSITIVITY = "noise_sensitivity"
    CITATION_SUPPORT = "citation_support"
    SIMILARITY = "similarity"
    FLUENCY = "fluency"
    GROUNDEDNESS = "groundedness"
    RELEVANCY = "relevancy"
    COHERENCE = "coherence"
    PRECISION_AT_K = "precision_at_k"
    RECALL_AT_K = "recall_at_k"
    RECIPROCAL_RANK = "reciprocal_rank"
    NDCG = "ndcg"
    HIT_RATE = "hit_rate"
    FIELD_MATCH = "field_match"


BUILT_IN = {
    EvaluatorType.QA: "qa:QAEvalChain",
    EvaluatorType.COT_QA: "qa:CotQAEvalChain",
    EvaluatorType.CONTEXT_QA: "qa:ContextQAEvalChain",
    EvaluatorType.SCORE_STRING: "score_string:ScoreStringEvalChain",
    EvaluatorType.LABELED_SCORE_STRING: "score_string:LabeledScoreStringEvalChain",
    EvaluatorType.CRITERIA: "criteria:CriteriaEvalChain",
    EvaluatorType.LABELED_CRITERIA: "criteria:LabeledCriteriaEvalChain",
    EvaluatorType.PAIRWISE_STRING: "pairwise_string:PairwiseStringEvalChain",
    EvaluatorType.LABELED_PAIRWISE_STRING: "pairwise_string:LabeledPairwiseStringEvalChain",
    EvaluatorType.AGENT_TRAJECTORY: "trajectory:TrajectoryEvalChain",
    EvaluatorType.STRING_DISTANCE: "string_distance:StringDistanceEvalChain",
    EvaluatorType.PAIRWISE_STRING_DISTANCE: "string_distance:PairwiseStringDistanceEvalChain",
    EvaluatorType.EMBEDDING_DISTANCE: "embedding_distance:EmbeddingDistanceEvalChain",
    EvaluatorType.PAIRWISE_EMBEDDING_DISTANCE: "embedding_distance:PairwiseEmbeddingDistanceEvalChain",
    EvaluatorType.EXACT_MATCH: "matching:ExactMatchStringEvaluator",
    EvaluatorType.REGEX_MATCH: "matching:RegexMatchStringEvaluator",
    EvaluatorType.JSON_VALIDITY: "json_match:JsonValidityEvaluator",
    EvaluatorType.JSON_EQUALITY: "json_match:JsonEqualityEvaluator",
    EvaluatorType.JSON_EDIT_DISTANCE: "json_match:JsonEditDistanceEvaluator",
    EvaluatorType.JSON_SCHEMA_VALIDATION: "json_match:JsonSchemaEvaluator",
    EvaluatorType.RAG: "rag:RAGMetricsEvaluator",
    EvaluatorType.FAITHFULNESS: "rag_metrics:FaithfulnessEvaluator",
    EvaluatorType.ANSWER_RELEVANCY: "rag_metrics:AnswerRelevancyEvaluator",
    EvaluatorType.ANSWER_SIMILARITY: "rag_metrics:AnswerSimilarityEvaluator",
    EvaluatorType.ANSWER_CORRECTNESS: "rag_metrics:AnswerCorrectnessEvaluator",
    EvaluatorType.CONTEXT_PRECISION: "rag_context_metrics:ContextPrecisionEvaluator",
    EvaluatorType.CONTEXT_RECALL: "rag_context_metrics:ContextRecallEvaluator",
    EvaluatorType.CONTEXT_RELEVANCY: "rag_context_metrics:ContextRelevancyEvaluator",
    EvaluatorType.CONTEXT_ENTITY_RECALL: "rag_context_metrics:ContextEntityRecallEvaluator",
    EvaluatorType.NOISE_SENSITIVITY: "rag_metrics:NoiseSensitivityEvaluator",
    EvaluatorType.CITATION_SUPPORT: "rag_metrics:CitationSupportEvaluator",
    EvaluatorType.SIMILARITY: "stars:SimilarityEvaluator",
    EvaluatorType.FLUENCY: "stars:FluencyEvaluator",
    EvaluatorType.GROUNDEDNESS: "stars:GroundednessEvaluator",
    EvaluatorType.RELEVANCY: "stars:RelevancyEvaluator",
    EvaluatorType.COHERENCE: "stars:CoherenceEvaluator",
    EvaluatorType.PRECISION_AT_K: "retrieval:PrecisionAtK",
    EvaluatorType.RECALL_AT_K: "retrieval:RecallAtK",
    EvaluatorType.RECIPROCAL_RANK: "retrieval:ReciprocalRank",
    EvaluatorType.NDCG: "retrieval:NDCG",
    EvaluatorType.HIT_RATE: "retrieval:HitRate",
    EvaluatorType.FIELD_MATCH: "extraction:FieldMatchEvaluator",
}
"""Where each is made: its module in `lc_scoring.evaluators`, and the class."""
