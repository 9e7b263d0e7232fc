"""Look attributes up in a server's arguments, and remember which words gave them."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.numbers import signed_number
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.arguments import Arguments
from doctor.vllm.speculation import Speculation, read_config, read_speculation

#: Variables that switch torch.compile off.
_COMPILE_OFF = ("TORCH_COMPILE_DISABLE", "TORCHDYNAMO_DISABLE")
#: The first is the name up to 0.11.2.
_MODES = ("level", "mode")

#: The server's attributes for those of its speculation.
_SPECULATION = {
    "on": "speculative",
    "method": "speculation_method",
    "drafter": "draft_model",
    "tokens": "speculative_tokens",
    "draft_tensor_parallel_size": "draft_tensor_parallel_size",
}


class LookUp:
    """Reads attributes; ``sources`` collects for each that is given the words that give it."""

    def __init__(self, arguments: Arguments, environment: Mapping[str, Value]) -> None:
        self.arguments = arguments
        self.environment = environment
        self.sources: dict[str, tuple[Value, ...]] = {}

    @property
    def unseen(self) -> UnknownType | None:
        """What an attribute is whose flag isn't seen."""
        return UNKNOWN if self.arguments.open else None

    def value(self, attribute: str, *names: str) -> Value | UnknownType | None:
        """The value of a flag that counts."""
        flag = self.arguments.last(*names)
        if flag is None:
            return self.unseen
        self.sources[attribute] = (flag.value or flag.word,)
        return UNKNOWN if flag.value is None else flag.value

    def text(self, attribute: str, name: str) -> str | UnknownType | None:
        value = self.value(attribute, name)
        return _text(value) if isinstance(value, Value) else value

    def texts(self, attribute: str, name: str) -> tuple[str, ...] | UnknownType | None:
        flag = self.arguments.last(name)
        if flag is None:
            return self.unseen
        self.sources[attribute] = flag.values or (flag.word,)
        texts = [value.text for value in flag.values]
        return UNKNOWN if None in texts else tuple(text for text in texts if text is not None)

    def number(self, attribute: str, name: str, default: int | None) -> int | UnknownType | None:
        value = self.value(attribute, name)
        if value is None:
            return default
        text = _text(value) if isinstance(value, Value) else value
        number = signed_number(text) if isinstance(text, str) else None
        return UNKNOWN if number is None else number

    def fraction(self, attribute: str, *names: str) -> float | UnknownType | None:
        value = self.value(attribute, *names)
        text = _text(value) if isinstance(value, Value) else value
        if not isinstance(text, str):
            return text
        try:
            return float(text)
        except ValueError:
            return UNKNOWN

    def switch(self, attribute: str, name: str) -> bool | UnknownType:
        """A flag without a value; up to 0.8.4 some were given one."""
        flag = self.arguments.last(name)
        if flag is None:
            return UNKNOWN if self.arguments.open else False
        self.sources[attribute] = (flag.word, *flag.values)
        said = (flag.value.text or "").lower() if flag.value else "true"
        if said not in ("true", "false", "1", "0"):
            return UNKNOWN
        return (said in ("true", "1")) is not flag.negated

    def given(self, attribute: str, name: str, variable: str) -> bool | UnknownType:
        """Whether a flag or a variable is given; what it holds is nobody's business."""
        flag = self.arguments.last(name)
        if flag is not None:
            self.sources[attribute] = flag.values or (flag.word,)
            return True
        if variable in self.environment:
            self.sources[attribute] = (self.environment[variable],)
            return True
        return UNKNOWN if self.arguments.open else False

    def variable(self, attribute: str, name: str) -> str | UnknownType | None:
        """What an environment variable holds; unset and empty are the same to vLLM."""
        value = self.environment.get(name)
        if value is None or value.text == "":
            return None
        self.sources[attribute] = (value,)
        return _text(value)

    def model(self, positional: bool) -> Value | UnknownType | None:
        """The model: vLLM moves what ``--model`` says to the front, so it counts first."""
        flag = self.arguments.last("--model")
        words = self.arguments.positional if positional else ()
        value = flag.value if flag else words[0] if words else None
        if value is None:
            doubtful = positional and self.arguments.doubtful
            return UNKNOWN if self.arguments.open or doubtful or flag else None
        self.sources["model"] = self.sources["model_name"] = (value,)
        return value

    def speculation(self, model_name: str | UnknownType | None) -> Speculation:
        speculation = read_speculation(self.arguments, model_name)
        for attribute, words in speculation.given.items():
            self.sources[_SPECULATION[attribute]] = words
        return speculation

    def compilation_off(self, attribute: str, eager: bool | UnknownType) -> bool | UnknownType:
        """Whether torch.compile is switched off, by whichever of the many ways."""
        for variable in _COMPILE_OFF:
            value = self.environment.get(variable)
            if value is not None and value.text != "0":
                self.sources[attribute] = (value,)
                return True if value.text == "1" else UNKNOWN
        if eager is not False:
            self.sources[attribute] = self.sources.get("enforce_eager", ())
            return eager
        return self._mode(attribute)

    def cuda_graphs(self, eager: bool | UnknownType) -> bool | UnknownType:
        """Whether CUDA graphs are captured."""
        if eager is not False:
            return UNKNOWN if eager is UNKNOWN else False
        config, _ = read_config(self.arguments, "--compilation-config")
        mode = config.members.get("cudagraph_mode") if config else None
        if mode is None:
            return UNKNOWN if self.arguments.open or (config and config.open) else True
        return UNKNOWN if mode.data is UNKNOWN else mode.data not in ("NONE", 0)

    def compilation_asked(self) -> bool | UnknownType:
        """Whether the line has a word on compilation, which old releases wait for."""
        if self.arguments.last("--optimization-level", "--compilation-config"):
            return True
        return UNKNOWN if self.arguments.open else False

    def _mode(self, attribute: str) -> bool | UnknownType:
        level = self.arguments.last("--optimization-level")
        if level is not None and level.value is not None and not level.keys:
            self.sources[attribute] = (level.value,)
            text = level.value.text
            if text is None:
                return UNKNOWN
            if text in ("0", "1", "2", "3"):
                return text == "0"
        config, _ = read_config(self.arguments, "--compilation-config")
        if config is None:
            return UNKNOWN if self.arguments.open else False
        mode = next((config.members[key] for key in _MODES if key in config.members), config)
        self.sources[attribute] = (mode.value,)
        if mode.data is UNKNOWN or config.open:
            return UNKNOWN
        return mode.data is not False and mode.data in (0, "0", "NONE")


def _text(value: Value) -> str | UnknownType:
    return UNKNOWN if value.text is None else value.text
