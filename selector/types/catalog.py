"""Options and facts of the packs. Units stand in the field names; GB is 1e9 bytes, GiB 2**30."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OF_USER = ("user",)  # source of a model that the requirements state and the packs do not hold
# What an engine has to do for a class of models.
ROLES = {
    "llm": "llm",
    "vlm": "llm",
    "encoder": "encoder",
    "bi-encoder": "embedding",
    "embedding+linear": "embedding",
    "cross-encoder": "reranker",
    "asr": "speech",
    "tts": "tts",
    "vision": "vision",
    "diffusion": "diffusion",
    "time-series": "time_series",
    "tree": "tabular",
    "linear": "tabular",
    "mlp": "tabular",
    "recommender": "recommendation",
    "audio": "audio",
}


@dataclass(frozen=True, slots=True)
class Score:
    """One published benchmark score of a model."""

    benchmark: str
    score: float
    by: str  # vendor | independent | recomputed | leaderboard
    source: str
    as_of: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Architecture:
    """Dimensions that the memory and time formulas need; None means not known."""

    attention: str  # mha gqa mla hybrid_linear sliding state_space compressed encoder cnn other
    layers: int | None = None
    hidden: int | None = None
    intermediate: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    vocab: int | None = None
    tied: bool | None = None
    full_attention_layers: int | None = None
    latent_dim: int | None = None  # MLA: values cached per token and layer
    sliding_layers: int | None = None
    sparse_layers: int | None = None  # full cache, but each query reads chosen tokens only
    attended_tokens: int | None = None  # how many of them
    sliding_window_tokens: int | None = None
    state_bytes_per_sequence: int | None = None
    experts: int | None = None
    experts_active: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A pretrained model whose weights can be run, or a classical method."""

    id: str
    vendor: str
    tasks: tuple[str, ...]
    model_class: str
    licence: str  # empty where nobody states it
    languages: tuple[str, ...]
    source: tuple[str, ...]
    as_of: str
    params_b: float | None = None
    active_params_b: float | None = None
    architecture: Architecture | None = None
    kv_bytes_per_token_16bit: int | None = None
    context_tokens: int | None = None
    released: str | None = None
    quality: tuple[Score, ...] = ()
    checkpoints: tuple[str, ...] = ()  # precisions published ready to load
    weights_gb: Mapping[str, float] = field(default_factory=dict)  # checkpoint size by precision
    gflops_per_item: float | None = None
    image_px: int | None = None  # edge of the image that gflops_per_item counts
    train_px: int | None = None  # edge of the images that it was trained on, where it is another
    backbone: str | None = None  # what its trained layers mostly are, for a trainer
    normalisation: str | None = None  # of the layers of its backbone
    item: str | None = None  # what one request of a non-generative model is: image, audio_second ...
    measured_ms: Mapping[str, float] = field(default_factory=dict)  # of an item at batch 1, by device
    measured_with: Mapping[str, str] = field(default_factory=dict)  # engine and precision of measured_ms
    min_engine: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    family: str | None = None
    status: str = "current"  # superseded: sized where named, never proposed
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Interconnect:
    """How devices of one machine talk; rate is bidirectional GB/s per device."""

    type: str
    gb_per_s: float | None = None
    domain: int = 1  # devices that share it


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator or one CPU socket."""

    id: str
    name: str
    vendor: str
    kind: str  # gpu tpu npu soc cpu
    family: str
    status: str  # current announced ramping export_variant discontinued
    source: tuple[str, ...]
    as_of: str
    form: str | None = None
    arch: str | None = None
    memory_gb: float | None = None
    memory_bytes: int | None = None
    unified_memory: bool = False
    gb_per_s: float | None = None
    cores: int | None = None  # of one processor socket
    chip_cores: int | None = None  # that layouts count where a device is a chip of several
    tflops_dense: Mapping[str, float] = field(default_factory=dict)
    interconnect: Interconnect | None = None
    tdp_w: float | None = None
    released: str | None = None
    aliases: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Milliseconds of one item at batch 1 that the source of a model publishes, and the stack it names."""

    ms: float
    device: Device
    engine: str
    precision: Precision


@dataclass(frozen=True, slots=True)
class Offer:
    """A dated price of renting ``count`` devices together; money in ``currency`` per hour of the whole."""

    id: str
    provider: str
    tier: str  # hyperscaler neocloud marketplace
    region: str
    jurisdiction: str  # us eu cn ... or unspecified
    device: str
    count: int
    currency: str
    source: str
    as_of: str | None = None  # None: date unknown
    on_demand_per_hour: float | None = None
    spot_per_hour: float | None = None
    vcpu: float | None = None
    host_ram_gib: float | None = None
    instance: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens (or per other unit) from a date on; tiers apply above an input length."""

    from_date: str | None = None
    daily_utc: str | None = None
    above_input_tokens: int | None = None
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None
    usd_per_audio_hour: float | None = None
    usd_per_mchar: float | None = None
    usd_per_image: float | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """A hosted model, paid by use."""

    id: str
    vendor: str  # id in the vendors file of the privacy pack
    provider: str
    model: str  # the provider's own name
    tasks: tuple[str, ...]
    model_class: str
    regions: tuple[str, ...]  # jurisdictions of processing; unspecified when the price list does not say
    prices: tuple[Price, ...]
    source: tuple[str, ...]
    as_of: str
    batch: Price | None = None
    dedicated: bool = False  # capacity for one customer is sold as well, at a price on request
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    features: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    open_model: str | None = None  # id of the open-weights model it serves
    quality: tuple[Score, ...] = ()
    tier: str | None = None  # flagship mid small
    first_seen: str | None = None
    deprecated_from: str | None = None
    aliases: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Trains:
    """What a library trains; devices are named by kind, vendor in small letters, or architecture."""

    roles: tuple[str, ...]
    methods: tuple[str, ...]
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """Where a trained model can be taken, and by which tool; `own` where it is of the framework itself."""

    to: str  # server mobile browser edge microcontroller npu
    by: str
    source: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Parallelism:
    """A kind of model parallelism that an engine has."""

    kind: str  # tensor pipeline
    as_of: str
    source: str | None = None
    judgement: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recipe of a tool that compresses says beside the format."""

    ignore: tuple[str, ...]  # modules that keep 16 bit, as the tool names them
    smoothing_strength: float  # of activations before they are rounded to 8 bit


@dataclass(frozen=True, slots=True)
class Preference:
    """Points of a library over others that can do the run, by judgement; rules give frameworks theirs."""

    why: str
    as_of: str
    judgement: bool
    whole: float = 0.0  # runs that keep layers whole
    split: float = 0.0  # runs that spread a layer, or layers, over devices


@dataclass(frozen=True, slots=True)
class Framework:
    """A library or engine with its maintenance status."""

    id: str
    kind: str  # framework serving training ...
    status: str
    licence: str
    source: tuple[str, ...]
    as_of: str
    version: str | None = None
    released: str | None = None
    status_since: str | None = None
    replaced_by: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()  # llm encoder vision speech tabular time_series
    batching: str | None = None  # continuous | static | single
    openai_api: bool | None = None
    features: tuple[str, ...] = ()
    parallelism: tuple[Parallelism, ...] = ()  # all kinds where none is stated
    trains: tuple[Trains, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)  # role -> published converted none
    exports: tuple[Export, ...] = ()
    preference: Preference | None = None
    recipe: Recipe | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """One row of the support table. Empty selectors accept any; a `no` stands unless covered."""

    engine: str
    status: str  # yes | no | unknown
    source: str
    as_of: str
    arch: tuple[str, ...] = ()  # architectures, device families or device ids
    precision: tuple[str, ...] = ()
    family: tuple[str, ...] = ()  # model families or model ids
    roles: tuple[str, ...] = ()
    versions: str | None = None  # range, packaging syntax
    compute: str | None = None  # precision the arithmetic really runs in on this row
    note: str | None = None


@dataclass(frozen=True, slots=True)
class EngineTool:
    """The tool that makes weights of a format for some engines."""

    engines: tuple[str, ...]
    tool: str
    source: str


@dataclass(frozen=True, slots=True)
class Precision:
    """A weight and activation format."""

    id: str
    base: str  # bf16 fp16 fp8 int8 int4 nvfp4 mxfp4 ...
    bits_weights: float  # bits per weight, scales counted
    bits_activations: float
    compute: tuple[
        str, ...
    ]  # arithmetic formats in order of preference; the device's first native one is used
    source: str
    as_of: str
    method: str | None = None  # awq gptq gguf mlx bnb ct
    needs_checkpoint: bool = False  # only where the publisher ships it
    usual: bool = False  # looked at for every model; others only where published or pinned
    tools: tuple[str, ...] = ()  # libraries that make such weights, the one to take first
    engine_tools: tuple[EngineTool, ...] = ()  # of engines that read the weights of one tool alone
    calibration: str | None = None  # what it has to be shown
    scheme: str | None = None  # its name in a recipe of the first tool
    aliases: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """Measured quality kept after compression, as a fraction of the 16-bit score."""

    precision: str
    p10: float
    p50: float
    p90: float
    n: int
    source: str
    as_of: str
    tasks: tuple[str, ...] = ()
    params_b_min: float | None = None
    params_b_max: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """What holds of all models of a role, by judgement."""

    id: str
    modality: str  # text image audio time_series tabular
    methods: tuple[str, ...]  # of adaptation, that the program may choose by itself
    hosted: tuple[str, ...]  # the same of an endpoint paid by use
    judgement: bool
    as_of: str
    hard_cases: str = "the rarest ones"  # what a mean over all examples hides


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure of quality counts, and which way is better."""

    share_of: str | None = None  # examples words characters; None where it is no share
    lower_is_better: bool = False
    error: bool = False  # a rate or size of errors


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that is neither fact nor requirement."""

    id: str
    value: float
    low: float
    high: float
    unit: str
    as_of: str
    source: str | None = None
    judgement: bool = False
    fitted_on: str | None = None
    n: int | None = None
    note: str | None = None
