"""Which kernels this machine has: asked before a run, so that a missing one costs nothing."""

from __future__ import annotations

from jupyter_dagflow.core.errors import KernelNotInstalled, Location


def require_kernel(name: str, *, notebook: str | None = None) -> None:
    """Raise `KernelNotInstalled`, naming those that are, unless the kernel is installed."""
    # jupyter_client brings zmq along: only who runs something pays for it.
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    try:
        manager.get_kernel_spec(name)
    except NoSuchKernel:
        installed = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise KernelNotInstalled(
            f"The notebook asks for the kernel {name!r}, which is not installed.",
            hint=f"Installed: {installed}. Choose one in JupyterLab (Kernel, Change Kernel) and "
            f"save, or install it: python -m ipykernel install --user --name {name}.",
            where=Location(notebook=notebook),
        ) from None
