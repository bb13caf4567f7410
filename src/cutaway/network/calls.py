"""Every operation of one forward pass, as a named call, without touching the user's model.

A `TorchFunctionMode` sees each operation, whether a module, a function or a method made it; global module
hooks say which module it runs in. Both exist only inside `with`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

__all__ = ["COPIES", "RETURN", "Calls", "Key", "Visit", "named_tensors", "operation", "replaced", "tensors"]

# Operations that hand a tensor on without computing anything that one would look at.
COPIES = frozenset(
    "clone detach detach_ contiguous to type type_as float double half bfloat16 cpu cuda requires_grad_ "
    "alias view_as positive".split()
)
# Attributes that give another tensor; all others only answer a question.
_ATTRIBUTES = frozenset(("T", "mT", "H", "mH", "real", "imag"))
_UNSEEN = frozenset(("__get__", "__set__", "data_ptr", "retain_grad", "register_hook", "backward"))
_PLAIN = {
    "_max_pool2d": "max_pool2d",
    "iadd": "add",
    "radd": "add",
    "isub": "sub",
    "rsub": "sub",
    "imul": "mul",
    "rmul": "mul",
    "truediv": "div",
    "itruediv": "div",
    "rtruediv": "div",
    "rdiv": "div",
    "rpow": "pow",
    "concat": "cat",
    "concatenate": "cat",
    "max_pool1d_with_indices": "max_pool1d",
    "max_pool2d_with_indices": "max_pool2d",
    "max_pool3d_with_indices": "max_pool3d",
    "adaptive_max_pool2d_with_indices": "adaptive_max_pool2d",
    "rmatmul": "matmul",
}


# The "operation" of a module that returns a tensor which no operation seen has made (a custom kernel).
RETURN = "return"


class Key(NamedTuple):
    """One call's address: the module it runs in, the operation, and its number among those of its kind there."""

    path: str
    operation: str
    use: int


class Visit(NamedTuple):
    """One call while it happens."""

    key: Key
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def run(self) -> Any:
        """Carry the operation out."""
        return self.function(*self.args, **self.kwargs)


def operation(function: Callable[..., Any]) -> str:
    """Give the plain name of a torch function: `Tensor.add_`, `torch.add` and `+` are all "add".

    >>> import torch
    >>> operation(torch.Tensor.add_), operation(torch.nn.functional.relu_)
    ('add', 'relu')
    """
    name = getattr(function, "__name__", type(function).__name__).strip("_")
    return _PLAIN.get(name, name)


def tensors(value: Any) -> list[Tensor]:
    """List the tensors inside nested tuples, lists and mappings, in order.

    >>> import torch
    >>> len(tensors((torch.zeros(1), {"a": [torch.zeros(1), 3]})))
    2
    """
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in tensors(item)]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors(item)]
    return []


def named_tensors(value: Any, suffix: str = "") -> dict[str, Tensor]:
    """Give the floating tensors of a result by the way to each: "", "[0]", "['out']", "[1][0]".

    >>> import torch
    >>> list(named_tensors((torch.zeros(1), {"aux": torch.zeros(1)})))
    ['[0]', "[1]['aux']"]
    """
    if isinstance(value, Tensor):
        return {suffix: value} if value.is_floating_point() else {}
    items: dict[str, Tensor] = {}
    if isinstance(value, Mapping):
        for key, item in value.items():
            items |= named_tensors(item, f"{suffix}[{key!r}]")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            items |= named_tensors(item, f"{suffix}[{place}]")
    return items


def replaced(value: Any, by: Mapping[int, Any]) -> Any:
    """Give a nested value with some of its tensors, by their ids, replaced.

    >>> import torch
    >>> old, new = torch.zeros(1), torch.ones(1)
    >>> replaced((old, [old, 3]), {id(old): new})
    (tensor([1.]), [tensor([1.]), 3])
    """
    if isinstance(value, Tensor):
        return by.get(id(value), value)
    if isinstance(value, Mapping):
        return {key: replaced(item, by) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(replaced(item, by) for item in value))
    if isinstance(value, list | tuple):
        items = [replaced(item, by) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value


class Calls(TorchFunctionMode):
    """Watch one forward pass of a module. Subclasses say what to do at each call.

    Args:
        module: to watch.
        begin: the path of the inner module at whose first use to begin; "" watches from the start.

    >>> import torch
    >>> class Names(Calls):
    ...     def __init__(self, module):
    ...         super().__init__(module)
    ...         self.seen = []
    ...
    ...     def call(self, visit):
    ...         self.seen.append(visit.key.operation)
    ...         return visit.run()
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    >>> with Names(net) as names:
    ...     _ = net(torch.zeros(1, 3, 8, 8))
    >>> names.seen
    ['conv2d', 'relu']
    """

    def __init__(self, module: nn.Module, begin: str = "") -> None:
        super().__init__()
        self._root = module
        # Watching costs a few microseconds a call: what comes before this module begins is let pass.
        self._begin = begin
        self._asleep = bool(begin)
        self._paths = {id(child): path for path, child in module.named_modules()}
        self._stack: list[str] = []
        self._uses: Counter[tuple[str, str]] = Counter()
        self._thread = threading.get_ident()
        self._handles: list[Any] = []

    def call(self, visit: Visit) -> Any:
        """Carry one call out, and return what the network goes on with."""
        return visit.run()

    def copied(self, source: Sequence[Tensor], result: Tensor) -> None:
        """Learn that an operation only handed a tensor on (a copy, a cast)."""

    def entered(self, path: str) -> None:
        """Learn that a module begins."""

    def returned(self, key: Key, args: Any, output: Any) -> Any:
        """Learn what a module returned; what is not None replaces it."""
        return None

    def __enter__(self) -> Any:
        try:
            self._handles = [
                register_module_forward_pre_hook(self._enter_module),
                register_module_forward_hook(self._leave_module, always_call=True),
            ]
            return super().__enter__()  # type: ignore[no-untyped-call]
        except BaseException:
            self._remove_hooks()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        finally:
            self._remove_hooks()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self._asleep:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        attribute = func.__self__.__name__ if name == "__get__" else ""  # type: ignore[attr-defined]
        # Outside the module's own forward nothing belongs to the network.
        if not self._stack or (name in _UNSEEN and attribute != "data" and attribute not in _ATTRIBUTES):
            return func(*args, **kwargs)
        plain = attribute or operation(func)
        if plain in COPIES or plain == "data":
            result = func(*args, **kwargs)
            if isinstance(result, Tensor):
                self.copied(tensors((args, kwargs)), result)
            return result
        if plain in _QUERIES:
            return func(*args, **kwargs)
        if plain == "setitem":
            func = _set_items
        path = self._stack[-1]
        self._uses[path, plain] += 1
        result = self.call(Visit(Key(path, plain, self._uses[path, plain]), func, args, kwargs))
        return None if func is _set_items else result

    def _enter_module(self, module: nn.Module, args: Any) -> None:
        if threading.get_ident() == self._thread and id(module) in self._paths:
            path = self._paths[id(module)]
            self._stack.append(path)
            if self._asleep and path != self._begin:
                return
            self._asleep = False
            self.entered(path)

    def _leave_module(self, module: nn.Module, args: Any, output: Any) -> Any:
        if threading.get_ident() != self._thread or id(module) not in self._paths or not self._stack:
            return None
        path = self._stack.pop()
        if self._asleep:
            return None
        self._uses[path, RETURN] += 1
        return self.returned(Key(path, RETURN, self._uses[path, RETURN]), args, output)

    def _remove_hooks(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []


def _set_items(tensor: Tensor, index: Any, value: Any) -> Tensor:
    """Write `tensor[index] = value`, and give the tensor, as other operations in place do."""
    tensor[index] = value
    return tensor


# Methods that answer a question about a tensor; skipping them early keeps the watching cheap.
_QUERIES = frozenset(
    "size dim stride numel nelement is_floating_point is_complex is_contiguous storage_offset item tolist "
    "numpy get_device len bool int contains format repr hash iter shape element_size is_inference "
    "is_same_size equal allclose untyped_storage".split()
)
