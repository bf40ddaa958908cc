"""What is waited for, at the top of a cell, too."""

from __future__ import annotations

from tests.fuzz.templates.noun import Noun, Templates

_STATEMENTS: Templates = {
    "waiting": (
        "async def <job:t>(x):\n    return [<num>, *x[:2]]",
        "async def <job:t>(x):\n    x.append(<num>)\n    await asyncio.sleep(0)\n    return x",
        "async def <job:t>(x):\n    await asyncio.sleep(0)\n    <list>.append(len(x))\n    return <list>",
        "async def <job:t>(x):\n    global <num#1:r>\n    <num#1> = (<num#1> + len(x)) % 97\n    return [<num#1>]",
        "async def <job:t>(x):\n    return await <job>(x[:2])",
        "async def <drops:t>():\n    yield <num>\n    await asyncio.sleep(0)\n    yield <digit>",
        "async def <drops:t>():\n    <list>.append(<digit>)\n    yield len(<list>) % 97",
        "<list:t> = await <job>(<list>)",
        "<list:t> = await <job>(<list>)",
        "await <job>(<list>)",
        "<nest:t> = [await <job>(<list>), await <job>(<list>)]",
        "<nest:t> = [await <job>(e) for e in <nest>]",
        "if <num> > 4:\n    <list:r> = await <job>(<list>)",
        "<list:t> = [e async for e in <drops>()]",
        "async for <num:r> in <drops>():\n    <list>.append(<num>)",
        "later = asyncio.ensure_future(<job>(<list>))\n<list:t> = await later\ndel later",
        "async with contextlib.aclosing(<drops>()) as each:\n    <num:t> = await each.__anext__()\ndel each",
    ),
}
NOUN = Noun(
    names={"job": ("job1", "job2"), "drops": ("drops",)},
    code=frozenset({"job", "drops"}),
    statements=_STATEMENTS,
    basics={
        "waiting": (
            "<nest:t> = [[1], [<digit>]]",
            _STATEMENTS["waiting"][0],
            _STATEMENTS["waiting"][5],
        )
    },
)
