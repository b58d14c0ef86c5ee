"""Where everything of the answering department lies in its world's folder."""

from pathlib import Path

from keys_practice.layout import Layout


class AssistLayout(Layout):
    """The paths of one world of this department. `assist` is the service's folder, `provider` the model's owner's."""

    @property
    def assist(self) -> Path:
        """The assist service's folder."""
        return self.folder / "assist"

    @property
    def settings(self) -> Path:
        """How questions are answered: model, prompt, parameters (JSON object by setting)."""
        return self.assist / "settings.json"

    @property
    def changes(self) -> Path:
        """Every change of a setting, one JSON object a line, oldest first."""
        return self.assist / "changes.jsonl"

    @property
    def settings_lock(self) -> Path:
        """Locked while a setting is changed."""
        return self.assist / "settings.lock"

    @property
    def prompts(self) -> Path:
        """The registry of prompts: one text file for each version, never edited."""
        return self.assist / "prompts"

    @property
    def golden(self) -> Path:
        """The golden set: questions with what a right answer holds, one JSON object a line."""
        return self.assist / "golden.jsonl"

    @property
    def forbidden(self) -> Path:
        """Texts that no answer may hold, one a line."""
        return self.assist / "forbidden.txt"

    @property
    def release(self) -> Path:
        """What the golden set's owners released: lines and SHA-256 of golden set and forbidden texts (JSON object)."""
        return self.assist / "golden-release.json"

    @property
    def golden_log(self) -> Path:
        """Every answer to a golden question, one JSON object a line, oldest first."""
        return self.assist / "golden-answers.jsonl"

    @property
    def answers(self) -> Path:
        """Every customer's question and our answer, one JSON object a line, oldest first. Lines are only added."""
        return self.assist / "answers.jsonl"

    @property
    def reviews(self) -> Path:
        """The answers that a person has to look at, by the answer's id (JSON object)."""
        return self.assist / "reviews.json"

    @property
    def provider(self) -> Path:
        """The model provider's folder: weights and its own state."""
        return self.folder / "provider"

    @property
    def weights(self) -> Path:
        """One JSON file for each version of the model."""
        return self.provider / "weights"

    @property
    def provider_state(self) -> Path:
        """Where the alias leads, whether the filter works, what is wrong (JSON object)."""
        return self.provider / "state.json"

    @property
    def page(self) -> Path:
        """What the shop's page does wrong with a question (JSON object); another team's."""
        return self.folder / "customers" / "page.json"


def layout_of(folder: Path | Layout) -> AssistLayout:
    """The paths below this folder."""
    return AssistLayout(folder.folder if isinstance(folder, Layout) else folder)
