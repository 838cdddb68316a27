"""Panels of judges: an evaluator that takes several samples of a judge, or asks a jury, and makes one score of them."""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any

from langchain_core.globals import get_llm_cache
from langchain_core.runnables.utils import ConfigurableFieldSpec, get_unique_config_specs
from pydantic import BeforeValidator, Field, SkipValidation, field_validator

from lc_scoring.errors import ConfigError
from lc_scoring.evaluators.judged import JudgedEvaluator
from lc_scoring.judges.centering import member_offsets, member_outcomes
from lc_scoring.judges.choice import ChoiceJudge
from lc_scoring.judges.each_criterion import OneReplyJudge
from lc_scoring.judges.pairwise import SPLIT, PairJudge
from lc_scoring.judges.panel import Aggregate, Panel, Seat
from lc_scoring.judges.score import ScoreJudge
from lc_scoring.models.families import kin
from lc_scoring.models.judge import Judge, Judges, setting_of
from lc_scoring.models.resolve import judge_name, resolve_llm
from lc_scoring.notices import notice
from lc_scoring.records import Score
from lc_scoring.scale import Scale
from lc_scoring.template import PromptFile

_FORM = re.compile(r"\|form=([^|]*)")
MakeJudge = Callable[[PromptFile, Judge], Any]


class PanelEvaluator(JudgedEvaluator):
    """A judged evaluator that may judge several times, or with several judges, and make one score of it."""

    samples: int = Field(default=1, ge=1)
    """How many times each judge is asked, at the same time; their ratings are averaged."""
    variants: bool = False
    """Whether the samples are spread over differently worded prompts."""
    jury: Annotated[SkipValidation[tuple[Judge, ...]], BeforeValidator(tuple)] = ()
    """The members of a jury, each asked by itself; empty for the one judge `llm`."""
    aggregate: Aggregate | None = None
    """How samples and members are made one: "mean" or "median" of ratings, "majority" or "mean" of verdicts."""
    quorum: int | None = Field(default=None, ge=1)
    """How many members must give a score; None for more than half of them."""
    center: Mapping[str, float] | None = None
    """How far each member's ratings lie above the jury's (scale units), taken off them; see `centered`."""

    system_model: str | None = None
    """The model that wrote the texts, for a warning where a judge is its kin."""

    @field_validator("center", mode="before")
    @classmethod
    def _check_center(cls, value: object) -> object:
        if value is True:
            raise ValueError(
                "how far a member's level is off shows over many rows only: score them, then take evaluator.centered("
                "scores), or run `lc-scoring score --center`; or give the offsets, {member: scale units}."
            )
        return value

    @cached_property  # pydantic's own private attributes cost ten times as much to look at
    def _judge(self) -> Any:
        """What judges: one judge, or the panel of all samples and members."""
        return self._make_all_judges()

    @abstractmethod
    def _make_all_judges(self) -> Any: ...

    @property
    def _models(self) -> Judges:
        return self.jury or self.llm

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What can be configured at run time: the judges' own fields."""
        return get_unique_config_specs(spec for judge in self.jury or (self.llm,) for spec in judge.config_specs)

    def _judge_names(self) -> list[str]:
        """Return the judges' names; of several with the same, the later ones are numbered."""
        names: list[str] = []
        for judge in self.jury or (self.llm,):
            name, twice = judge_name(judge), 2
            while name in names:
                name, twice = f"{judge_name(judge)} ({twice})", twice + 1
            names.append(name)
        return names

    def centered(self, scores: Iterable[Score]) -> list[Score]:
        """Take each member's offset off scores of this jury, as far as these rows tell it.

        With all members on every row this changes no mean; it does where one is missing from some, for then those
        rows would be rated on another level, and it changes medians.

        Args:
            scores: those of many rows, which this evaluator gave.

        Returns:
            The scores made anew, in their order, with the offsets in their signature.

        Raises:
            ConfigError: this is no jury of graded ratings, or there is no row on which all members sat.
        """
        if not self.jury or not isinstance(self._judge, Panel):
            raise ConfigError("Only a jury's members have offsets: give several judges, and no per_criterion=True.")
        scores = list(scores)
        offsets = member_offsets(scores, self._judge_names())
        panel: Panel = self.model_copy(update={"center": offsets})._judge  # noqa: SLF001 - a copy of itself
        return [panel.combine(member_outcomes(score, panel)) for score in scores]

    def _check_panel(self) -> None:
        """Refuse what cannot be, and warn of what makes no sense.

        Raises:
            ConfigError: the quorum is larger than the jury, or `center` names who does not sit on it.
        """
        judges = self.jury or (self.llm,)
        if self.quorum is not None and self.quorum > len(self.jury):
            raise ConfigError(f"A quorum of {self.quorum} needs a jury of as many; got {len(self.jury)} members.")
        if strangers := sorted(set(self.center or ()) - set(self._judge_names() if self.jury else ())):
            raise ConfigError(
                f"center names {', '.join(strangers)}; the jury's members are {', '.join(self._judge_names())}."
            )
        if not all(math.isfinite(offset) for offset in (self.center or {}).values()):
            raise ConfigError(f"center takes finite numbers, in scale units; got {dict(self.center or {})!r}.")
        if self.variants and self.samples == 1:
            raise ConfigError("variants=True spreads samples over wordings: ask for some, for example samples=5.")
        for judge in judges:
            if self.samples > 1:
                _warn_of_equal_samples(judge, variants=self.variants)
            if self.system_model and (family := kin(judge, self.system_model)):
                notice(
                    f"The judge {judge_name(judge)} and the model it judges, {self.system_model}, are both {family} "
                    "models, and judges favor their own kind: take a judge of another family, or a jury."
                )

    def _seated(self, prompt: PromptFile, make: MakeJudge) -> Any:
        """Return the one judge that a prompt makes, or the panel of all samples and members."""
        if not self.jury:
            return self._sampled(prompt, make, self.llm)
        names = self._judge_names()
        seats = tuple(
            Seat(name, self._sampled(prompt, make, judge), juror, (self.center or {}).get(name, 0.0))
            for juror, (name, judge) in enumerate(zip(names, self.jury, strict=True))
        )
        center = ",".join(f"{name}{offset:+g}" for name, offset in sorted((self.center or {}).items()))
        quorum = self.quorum or len(seats) // 2 + 1
        return self._panel(seats, "members", quorum, center=center)

    def _sampled(self, prompt: PromptFile, make: MakeJudge, judge: Judge) -> Any:
        if self.samples == 1:
            return make(prompt, judge)
        prompts = (prompt, *prompt.variants) if self.variants else (prompt,)
        if self.variants and not prompt.variants:
            raise ConfigError(f"There are no other wordings of the prompt {prompt.name}: leave out variants=True.")
        judges = [make(one, judge) for one in prompts[: self.samples]]
        seats = tuple(Seat(f"sample {n + 1}", judges[n % len(judges)]) for n in range(self.samples))
        return self._panel(seats, "samples", math.ceil(self.samples / 2))

    def _panel(self, seats: tuple[Seat, ...], what: str, quorum: int, *, center: str = "") -> Panel:
        """Make a panel of seats, which gives ratings or verdicts as what sits there does."""
        scale, turned, split, signature = _nature(seats[0].judge)
        aggregate = self.aggregate or ("majority" if scale is None else "mean")
        if scale is not None and aggregate == "majority":
            raise ConfigError("A vote throws away what graded ratings say: take aggregate='mean' or 'median'.")
        if scale is None and aggregate == "median":
            raise ConfigError("Verdicts have no median: take aggregate='majority' or 'mean'.")
        if scale is None and center:
            raise ConfigError("Verdicts have no level to center: leave out center=.")
        if what == "samples":
            signature += f"|samples={len(seats)}|aggregate={aggregate}{'|variants' if self.variants else ''}"
        else:
            first, names = f"judge={seats[0].name}|", ",".join(seat.name for seat in seats)
            signature = signature.replace(first, f"jury={names}|", 1) + f"|aggregate={aggregate}|quorum={quorum}"
            forms = [_FORM.findall(_nature(seat.judge)[3]) for seat in seats]
            signature += f"|forms={forms}" if any(form != forms[0] for form in forms) else ""
            signature += f"|center={center}" if center else ""
        return Panel(
            seats=seats,
            what=what,
            aggregate=aggregate,
            quorum=quorum,
            scale=scale,
            lower_is_better=turned,
            split=split,
            signature=signature,
        )


def jury_of(llm: object, jury: object, *, samples: object = 1) -> dict[str, Any]:
    """Return the judges that `llm=` and `jury=` name, resolved, as the evaluator's fields.

    Args:
        llm: a judge, or several in a list or tuple.
        jury: several judges, in the place of `llm`; or None.
        samples: how many times each is asked; a model made from a string is then left at its own temperature.

    Raises:
        ConfigError: both are given, or the jury is empty.
    """
    if isinstance(llm, (list, tuple)):
        if jury is not None:
            raise ConfigError("llm names several judges, and jury= does too: give one of them.")
        llm, jury = None, llm
    sampled = isinstance(samples, int) and samples > 1
    if jury is None:
        return {"llm": resolve_llm(llm, sampled=sampled)}
    if not isinstance(jury, (list, tuple)) or not jury:
        raise ConfigError(f"A jury is a list of judges, one at least; got {jury!r}.")
    if llm is not None:
        raise ConfigError("Both llm= and jury= are given: name the one judge, or all members in jury=.")
    members = tuple(resolve_llm(one, sampled=sampled) for one in jury)
    return {"llm": members[0], "jury": members}


def _nature(judge: Any) -> tuple[Scale | None, tuple[bool, ...], str | None, str]:
    """Return a judge's scale (None for verdicts), its directions, its label of a split vote, and its signature."""
    match judge:
        case Panel():
            return judge.scale, judge.lower_is_better, judge.split, judge.signature
        case ScoreJudge():
            return judge.scale, (judge.lower_is_better,), None, judge.signature
        case OneReplyJudge():
            turned = tuple(one.lower_is_better for one in judge.scores.values())
            return judge.ask.scale, turned, None, judge.signature
        case PairJudge():
            return None, (False,), SPLIT, judge.signature
        case ChoiceJudge():
            return None, (judge.lower_is_better,), None, judge.signature
        case _:
            raise ConfigError(f"{type(judge).__name__} cannot sit on a panel.")


def _warn_of_equal_samples(judge: Judge, *, variants: bool) -> None:
    if setting_of(judge, "temperature") == 0 and not variants:
        notice(
            f"{judge_name(judge)} has temperature 0, so its samples will hardly differ: leave the temperature at the "
            "model's own, or set it to 1."
        )
    elif get_llm_cache() is not None and setting_of(judge, "cache") is not False and not variants:
        notice("LangChain's cache is on, so a text judged before gets equal samples: make the model with cache=False.")
