"""Small source archives, made as the index has them: vLLM in a few lines a file."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

MODELS = "vllm/model_executor/models/registry.py"
ENVS = "vllm/envs.py"
CONFIG = "vllm/config/cache.py"
SPECULATION = "vllm/config/speculative.py"
TOOLS = "vllm/tool_parsers/__init__.py"
ARGUMENTS = "vllm/engine/arg_utils.py"

SOURCES: Mapping[str, str] = {
    "vllm/entrypoints/cli/serve.py": """
from vllm.entrypoints.common.cli_args import make_arg_parser

class ServeSubcommand:
    def subparser_init(self, subparsers):
        serve_parser = subparsers.add_parser("serve")
        return make_arg_parser(serve_parser)
""",
    "vllm/entrypoints/common/cli_args.py": """
from vllm.engine.arg_utils import AsyncEngineArgs, get_kwargs
from vllm.config.utils import config

@config
class BaseFrontendArgs:
    enable_auto_tool_choice: bool = False
    tool_call_parser: str | None = None
    allowed_origins: list[str] = field(default_factory=lambda: ["*"])

    @classmethod
    def _customize_cli_kwargs(cls, frontend_kwargs):
        frontend_kwargs["allowed_origins"]["type"] = json.loads
        del frontend_kwargs["allowed_origins"]["nargs"]
        return frontend_kwargs

    @classmethod
    def add_cli_args(cls, parser):
        frontend_kwargs = get_kwargs(cls)
        frontend_kwargs = cls._customize_cli_kwargs(frontend_kwargs)
        for key, value in frontend_kwargs.items():
            parser.add_argument(f"--{key.replace('_', '-')}", **value)

class FrontendArgs(BaseFrontendArgs):
    port: int = 8000

def make_arg_parser(parser):
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--api-server-count", "-asc", type=int)
    parser = FrontendArgs.add_cli_args(parser)
    return AsyncEngineArgs.add_cli_args(parser)
""",
    ARGUMENTS: """
from vllm.config import CacheConfig

class EngineArgs:
    @staticmethod
    def add_cli_args(parser):
        cache_kwargs = get_kwargs(CacheConfig)
        group = parser.add_argument_group("CacheConfig")
        group.add_argument("--block-size", **{**cache_kwargs["block_size"], "default": None})
        group.add_argument("--kv-cache-dtype", **cache_kwargs["cache_dtype"])
        group.add_argument("--gpu-memory-utilization", **cache_kwargs["utilization"])
        group.add_argument("--attention-backend", **cache_kwargs["backend"])
        for name, kind in [("--old-x", str), ("--old-y", int)]:
            group.add_argument(name, type=kind, help=f"[DEPRECATED] {name} goes")
        return parser

class AsyncEngineArgs(EngineArgs):
    @staticmethod
    def add_cli_args(parser):
        parser = EngineArgs.add_cli_args(parser)
        parser.add_argument("--enable-log-requests", action=argparse.BooleanOptionalAction)
        return parser
""",
    "vllm/config/__init__.py": "from vllm.config.cache import CacheConfig\n",
    CONFIG: """
from typing import Literal
from enum import Enum

CacheDType = Literal["auto", "fp8"]

class Backend(Enum):
    FLASH_ATTN = "vllm.attention.FlashAttention"
    TRITON = "vllm.attention.Triton"

@config
class CacheConfig:
    block_size: int = Field(default=16, gt=0)
    cache_dtype: CacheDType = "auto"
    utilization: float = Field(default=0.9, gt=0, le=1)
    backend: Backend | None = None
""",
    ENVS: """
environment_variables = {
    "VLLM_HOST_IP": lambda: os.getenv("VLLM_HOST_IP", ""),
    "VLLM_WORKER": env_with_choices("VLLM_WORKER", "fork", ["spawn", "fork"]),
    # Deprecated, say --port instead.
    "VLLM_PORT": lambda: os.getenv("VLLM_PORT"),
}
""",
    TOOLS: """
_TOOL_PARSERS_TO_REGISTER = {"hermes": ("hermes_tool_parser", "HermesToolParser")}
""",
    "vllm/reasoning/deepseek.py": """
@ReasoningParserManager.register_module(["deepseek_r1", "deepseek"])
class DeepSeekReasoningParser: ...
""",
    SPECULATION: """
MTPTypes = Literal["deepseek_mtp", "mtp"]
SpeculativeMethod = Literal["ngram", MTPTypes]
logger.warning("method `%s` is deprecated and replaced with mtp.", method)

@config
class SpeculativeConfig:
    method: SpeculativeMethod | None = None
    num_speculative_tokens: int = Field(default=None, gt=0)
    _private: int = 0
    target_model_config: ModelConfig = None
    draft_model_config: ModelConfig = None
""",
    MODELS: """
_TEXT_GENERATION_MODELS = {"LlamaForCausalLM": ("llama", "LlamaForCausalLM")}
_VLLM_MODELS = {**_TEXT_GENERATION_MODELS}
_PREVIOUSLY_SUPPORTED_MODELS = {"Phi3SmallForCausalLM": "0.9.2"}
""",
    "requirements/cuda.txt": "-r common.txt\ntorch==2.9.0  # the one that is built for\n",
    "requirements/common.txt": "transformers >= 4.56.0, < 5\n",
    "setup.py": 'raise SystemExit("nobody runs this")\nMAIN_CUDA_VERSION = "12.8"\n',
}


def archive(
    folder: Path,
    release: str,
    day: str = "2025-01-02",
    change: Mapping[str, tuple[str, str]] | None = None,
    more: Mapping[str, str] | None = None,
) -> None:
    """Put a release's source archive into a folder.

    ``change`` replaces in a file one text by another, ``more`` adds files.
    """
    files = {**SOURCES, **(more or {})}
    for path, (old, new) in (change or {}).items():
        assert old in files[path], f"{path} holds no {old!r}"
        files[path] = files[path].replace(old, new)
    files["PKG-INFO"] = f"Name: vllm\nVersion: {release}\nRequires-Python: >=3.10\n\nvLLM\n"
    folder.mkdir(parents=True, exist_ok=True)
    made = datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp()
    with tarfile.open(folder / f"vllm-{release}.tar.gz", "w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"vllm-{release}/{path}")
            member.size, member.mtime = len(text.encode()), int(made)
            tar.addfile(member, io.BytesIO(text.encode()))
