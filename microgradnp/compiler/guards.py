"""What must still be as it was when a run was captured, for the captured program to do what the function would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..nn import tree
from ..tensor import Tensor
from .session import Session
from .surroundings import Surroundings, same

_IGNORED = frozenset({"_scope"})  # rewritten by calls, and of no consequence


class Guards:
    """Asked before each replay: memory and place in the graph of tensors, gradients, modules, variables, optimizers.

    They are conditions in Python's words, which ``hold`` asks for in one function, since it is called in every step.
    ``settings`` are those of the optimizers' updates, as ``hold`` has found them.
    """

    def __init__(
        self, function: Callable[..., Any], session: Session, arguments: Sequence[Tensor], others: Sequence[Any] = ()
    ) -> None:
        self._names: dict[str, Any] = {"tree": tree, "guards": self, "map": map, "id": id}
        self._conditions: list[tuple[str, str]] = []  # each with what is to be said when it does not hold
        given = {id(tensor): i for i, tensor in enumerate(arguments)}
        self._tensors([source for key, source in session.sources.items() if key not in given])
        self._gradients(session.grads_found, given)
        surroundings = Surroundings(function, session.modules.values(), others)
        self._module_attributes({**session.modules, **surroundings.modules}.values())
        for name, value, was in surroundings.variables:
            text = f"the variable {name!r}, which the function uses, has another value"
            self._add(value.format(*[self._name(item) for item in was]), text)
        self._optimizers({id(update.optimizer): update.optimizer for update in session.updates}.values())
        self.settings = [update.settings for update in session.updates]
        self.updates = session.updates
        self._kinds = [tuple(map(_still, settings)) for settings in self.settings]
        if self.updates:
            self._add(f"({self._same_groups()} or guards.same_settings())", "a setting of an optimizer has changed")
        self.hold = self._function([condition for condition, _ in self._conditions])

    def broken(self, tensors: Sequence[Tensor]) -> str | None:
        """What is no longer as it was, for an error; None if everything is."""
        return next((text for asked, text in self._conditions if not self._function([asked])(tensors)), None)

    def _function(self, conditions: list[str]) -> Callable[[Sequence[Tensor]], bool]:
        return eval(f"lambda tensors: {' and '.join(conditions) or 'True'}", self._names)

    def _add(self, condition: str, text: str) -> None:
        self._conditions.append((condition, text))

    def _name(self, item: Any) -> str:
        name = f"x{len(self._names)}"
        self._names[name] = item
        return name

    def _is(self, expression: str, item: Any, text: str) -> None:
        """Ask that an expression be still this object."""
        self._add(f"{expression} is {'None' if item is None else self._name(item)}", text)

    # What is asked

    def _tensors(self, sources: list[Any]) -> None:
        for source in sources:
            name, text = self._name(source.tensor), f"a tensor of shape {tuple(source.array.shape)} has other "
            self._is(f"{name}._array", source.array, text + "memory")
            self._is(f"{name}._edge", source.edge, text + "requires_grad")
            if source.edge is not None:
                hooks = source.edge.hooks
                self._is(f"{self._name(source.edge)}.hooks", hooks, text + "hooks")
                if hooks is not None:
                    before = self._name(_on_a_tensor(hooks))
                    self._add(f"{self._name(_on_a_tensor)}({self._name(hooks)}) == {before}", text + "hooks")

    def _gradients(self, found: dict[int, tuple[Tensor, Any]], given: dict[int, int]) -> None:
        for key, (tensor, grad) in found.items():
            if key not in given:
                text = f"the .grad of a tensor of shape {tuple(tensor.shape)}, which the function reads, is another one"
                self._is(f"{self._name(tensor)}._grad", grad, text)
            elif grad is not None:  # without a gradient an argument is like any other without
                text = f"the .grad of an argument of shape {tuple(tensor.shape)}, which is added to, is another one"
                self._is(f"tensors[{given[key]}]", tensor, text)
                self._is(f"tensors[{given[key]}]._grad", grad, text)

    def _module_attributes(self, modules: Any) -> None:
        self._modules = [(module, _attributes(module)) for module in modules]
        self.module_time = tree.changes()
        if self._modules:
            hooked = any(module._hooks is not None for module, _ in self._modules)
            time = "" if hooked else "tree._changes == guards.module_time or "
            self._add(f"({time}guards.same_modules())", "an attribute or a hook of a module has changed")

    def same_modules(self) -> bool:
        """Whether all modules have the attributes and hooks that they had."""
        if not all(_unchanged(module, before) for module, before in self._modules):
            return False
        self.module_time = tree.changes()
        return True

    def _optimizers(self, optimizers: Any) -> None:
        for optimizer in optimizers:
            text = f"the parameters, groups or state of {type(optimizer).__name__} are others"
            name, state = self._name(optimizer), self._name(optimizer.state)
            self._all(f"{name}.param_groups", optimizer.param_groups, text)
            for group in optimizer.param_groups:
                self._all(f"{self._name(group)}['params']", group["params"], text)
            self._add(f"{name}.state is {state}", text)
            self._all(f"[*{state}.values()]", list(optimizer.state.values()), text)
            for values in optimizer.state.values():
                self._all(f"[*{self._name(values)}.values()]", list(values.values()), text)

    def _all(self, expression: str, items: list[Any], text: str) -> None:
        """Ask that a collection hold still these objects."""
        if not items:
            self._add(f"not {expression}", text)
            return
        names = [self._name(item) for item in items]
        if len(items) > 8:
            self._add(f"[*map(id, {expression})] == {self._name(list(map(id, items)))}", text)
            return
        of_one = f"(items := {expression}) and len(items) == {len(items)}"  # four times as fast
        self._add(" and ".join([of_one, *[f"items[{i}] is {name}" for i, name in enumerate(names)]]), text)

    def _same_groups(self) -> str:
        """A quick answer to ``same_settings``, where settings follow from plain numbers in the groups alone."""
        alone = all(update.optimizer.settings_follow_from_group for update in self.updates)
        values = [value for update in self.updates for name, value in update.group.items() if name != "params"]
        if not alone or any(isinstance(value, Tensor) for value in values):
            return "False"
        groups = [(self._name(update.group), self._name(dict(update.group))) for update in self.updates]
        same = " and ".join(f"{now} == {before}" for now, before in groups)
        return f"(guards.settings is {self._name(self.settings)} and {same})"

    def same_settings(self) -> bool:
        """Whether the settings of all updates are what they were, but for floats. These are noted."""
        now = [update.settings_now() for update in self.updates]
        if now != self.settings:
            if None in now or [tuple(map(_still, settings)) for settings in now] != self._kinds:
                return False
            self.settings = now
        return True


def _still(setting: Any) -> Any:
    """What of a setting must stay: a float may change."""
    return float if setting.__class__ is float else setting


def _on_a_tensor(hooks: Any) -> tuple[Any, ...]:
    """The hooks on a tensor, and at its place in the graph."""
    kinds = (hooks.tensor, hooks.before, hooks.after, hooks.accumulated)
    return (hooks.retain, *[tuple(kind.items()) for kind in kinds])


def _attributes(module: Any) -> tuple[Any, Any]:
    """The attributes of a module, and its hooks."""
    hooks = module._hooks
    kinds = [hooks.of(kind) for kind in hooks.CALLS] if hooks is not None else []
    attributes = {name: value for name, value in vars(module).items() if name not in _IGNORED}
    return attributes, kinds


def _unchanged(module: Any, before: tuple[Any, Any]) -> bool:
    attributes, hooks = _attributes(module)
    if attributes.keys() != before[0].keys() or hooks != before[1]:
        return False
    return all(same(value, before[0][name]) for name, value in attributes.items())
