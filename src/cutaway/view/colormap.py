"""Colour maps: from numbers in 0..1 to colours.

viridis and inferno: by Nathaniel Smith, Stéfan van der Walt and Eric Firing, released under CC0. "diverging" is
computed in CIE Lab by scripts/make_colormaps.py. jet is MATLAB's, kept for those who know it: its brightness
rises and falls, so it says more than the numbers do.
"""

from __future__ import annotations

import base64
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8

from cutaway.errors import BadSetting, closest

__all__ = ["COLORMAPS", "apply", "jet", "levels", "table"]

COLORMAPS = ("gray", "viridis", "inferno", "jet", "diverging")
# What a NaN looks like in every map: a gray with a touch of green, which none of them holds.
UNKNOWN = (118, 128, 118)

_VIRIDIS = (
    "RAFURAJWRQRXRQVZRgdaRghcRgpdRgteRw1gRw5hRxBjRxFkRxNlSBRnSBZoSBdpSBhqSBpsSBttSBxuSB1vSB9wSCBxSCFzSCN0"
    "SCR1SCV2SCZ3SCh4SCl5Ryp6Ryx6Ry17Ry58Ry99RjB+RjJ+RjN/RjSARTWBRTeBRTiCRDmDRDqDRDuEQz2EQz6FQj+FQkCGQkGG"
    "QUKHQUSHQEWIQEaIP0eIP0iJPkmJPkqJPkyKPU2KPU6KPE+KPFCLO1GLO1KLOlOLOlSMOVWMOVaMOFiMOFmMN1qMN1uNNlyNNl2N"
    "NV6NNV+NNGCNNGGNM2KNM2ONMmSOMmWOMWaOMWeOMWiOMGmOMGqOL2uOL2yOLm2OLm6OLm+OLXCOLXGOLHGOLHKOLHOOK3SOK3WO"
    "KnaOKneOKniOKXmOKXqOKXuOKHyOKH2OJ36OJ3+OJ4COJoGOJoKOJoKOJYOOJYSOJYWOJIaOJIeOI4iOI4mOI4qNIouNIoyNIo2N"
    "IY6NIY+NIZCNIZGMIJKMIJKMIJOMH5SMH5WLH5aLH5eLH5iLH5mKH5qKHpuKHpyJHp2JH56JH5+IH6CIH6GIH6GHH6KHIKOGIKSG"
    "IaWFIaaFIqeFIqiEI6mDJKqDJauCJayCJq2BJ62BKK6AKa9/KrB/LLF+LbJ9LrN8L7R8MbV7MrZ6NLZ5Nbd5N7h4OLl3Orp2O7t1"
    "Pbx0P7xzQL1yQr5xRL9wRsBvSMFuSsFtTMJsTsNrUMRqUsVpVMVoVsZnWMdlWshkXMhjXsliYMpgY8tfZcteZ8xcac1bbM1abs5Y"
    "cM9Xc9BWddBUd9FTetFRfNJQf9NOgdNNhNRLhtVJidVIi9ZGjtZFkNdDk9dBldhAmNg+m9k8ndk7oNo5oto3pds2qNs0qtwyrdww"
    "sN0vst0ttd4ruN4put4ovd8mwN8lwt8jxeAhyOAgyuEfzeEd0OEc0uIb1eIa2OIZ2uMZ3eMY3+MY4uQY5eQZ5+QZ6uUa7OUb7+Uc"
    "8eUd9OYe9uYg+OYh++cj/ecl"
)
_INFERNO = (
    "AAAEAQAFAQEGAQEIAgEKAgIMAgIOAwIQBAMSBAMUBQQXBgQZBwUbCAUdCQYfCgciCwckDAgmDQgpDgkrEAktEQowEgoyFAs0FQs3"
    "Fgs5GAw8GQw+GwxBHAxDHgxFHwxIIQxKIwxMJAxPJgxRKAtTKQtVKwtXLQtZLwpbMQpcMgpeNApfNglhOAliOQljOwlkPQllPglm"
    "QApnQgpoRApoRQppRwtqSQtqSgxrTAxrTQ1sTw1sUQ5sUg5tVA9tVQ9tVxBuWRBuWhFuXBJuXRJuXxNuYRNuYhRuZBVuZRVuZxZu"
    "aRZuahdubBhubRhubxlucRluchpudBpudRtudxxteBxteh1tfB1tfR5tfx5sgB9sgiBshCBrhSFrhyFriCJqiiJqjCNpjSNpjyRp"
    "kCVokiVokyZnlSZnlydmmCdmmihlmylknSlknypjoCpjoitioyxhpSxgpi1gqC5fqS5eqy9erTBdrjBcsDFbsTJaszJatDNZtjRY"
    "tzVXuTVWujZVvDdUvThTvzlSwDpRwTpQwztPxDxOxj1Nxz5MyD9LykBKy0FJzEJIzkNHz0RG0EVF0kZE00dD1EhC1UpB10s/2Ew+"
    "2U092k4821A73VE63lI431M34FU24VY14lc041kz5Fox5Vww5l0v514u6GAt6WEr6mMq62Qp62Yo7Gcm7Wkl7mok72wj724h8G8g"
    "8XEf8XMd8nQc83Yb83gZ9HkY9XsX9X0V9n4U9oAT94IS94QQ+IUP+IcO+IkM+YsL+YwK+Y4J+pAI+pIH+pQH+5YG+5cG+5kG+5sG"
    "+50H/J8H/KEI/KMJ/KUK/KYM/KgN/KoP/KwR/K4S/LAU/LIW/LQY+7Ya+7gd+7of+7wh+74j+sAm+sIo+sQq+sYt+ccv+cky+cs1"
    "+M03+M8699E999NA9tVD9tdG9dlJ9dtM9N1P9N9T9OFW8+Na8+Vd8uZh8uhl8upp8ext8e1x8e918fF58vJ98vSC8/WG8/aK9PiO"
    "9fmS9vqW+Pua+fyd+v2h/P+k"
)
_DIVERGING = (
    "AFGdAFKeAFOfAFShAFWiAFajAFekAFilAFmnAFqoAFupA1yqCF2rDV6sEV+uFGCvGGKwG2OxHmSyIGWzI2a0Jme1KGi2Kmm3LWq4"
    "L2u5MWy6M267Nm+8OHC9OnG+PHK/PnPAQHTBQnXCRHfDRnjESHnESnrFTHvGTnzHUH3IUn/JVIDJVoHKWILLWoPMXITMXobNYIfO"
    "YojOZInPZYrQZ4zQaY3Ra47SbY/Sb5DTcZLTc5PUdZTUd5XVeZfWe5jWfJnXfprXgJzYgp3YhJ7Zhp/ZiKHZiqLajKPajaXbj6bb"
    "kafck6jclardl6vdmazdm67enK/enrDfoLLforPfpLTgprbgqLfgqrjhq7rhrbvir73isb7is7/jtcHjt8LjuMTkusXkvMblvsjl"
    "wMnmwsvmxMzmxc7nx8/nydHoy9LozdTpz9Xp0dfq09jq1Nrr1tvr2N3s2t7s3ODt3uLt4OPu4uXv5Obv5ujw6Orx6uzx7O3y7u/z"
    "8PH08vP19fX29vX19vLy9fDv9e7s9evq9enn9Ofl9OXj9OPg9OHe9N/b9N3Z89vX89nV89fS89XQ89PO89HL88/J883H88vF8snC"
    "8sfA8sW+8sO88sG68r+38r218ryz8bqx8biv8bat8bSr8bKo8bCm8K6k8Kyi8Kqg8Kme8Kec76Wa76OY76GW75+U7p2S7puQ7pqO"
    "7ZiM7ZaK7ZSI7JKG7JCE7I6C642A64t+6ol86od66YV46YR36IJ16IBz535x53xv5ntu5nls5Xdq5HVo5HNn43Jl4nBj4m5i4Wxg"
    "4Gte4Gld32db3mVZ3WRY3GJW3GBV215T2l1S2VtQ2FlP11hN1lZM1VRK1FNJ01FH0k9G0U5E0ExDz0pCzklAzUc/zEU+y0Q8ykI7"
    "yUA6yD85xz03xTs2xDo1wzg0wjczwTUxvzMwvjIvvTAuvC4tui0suSsruCoqtygptSYotCUmsyMlsSEksB8jrx4irRwhrBohqhgg"
    "qRYfqBQephIdpRAcow4bogsa"
)


@cache
def table(name: str) -> UInt8[np.ndarray, "256 3"]:
    """Give a colour map as 256 colours, from 0 to 1.

    Raises:
        BadSetting: for an unknown name.

    >>> table("gray")[255].tolist()
    [255, 255, 255]
    """
    if name == "gray":
        colours: np.ndarray = np.repeat(np.arange(256)[:, None], 3, 1)
    elif name == "jet":
        colours = np.round(255 * jet(256))
    elif name in ("viridis", "inferno", "diverging"):
        text = {"viridis": _VIRIDIS, "inferno": _INFERNO, "diverging": _DIVERGING}[name]
        colours = np.frombuffer(base64.b64decode(text), np.uint8).reshape(256, 3)
    else:
        near = closest(name, COLORMAPS, 1)
        hint = f" (closest: {near[0]})" if near else ""
        raise BadSetting(f"there is no colour map {name!r}{hint}; there are {', '.join(COLORMAPS)}")
    colours = colours.astype(np.uint8)
    colours.setflags(write=False)
    return colours


def jet(count: int) -> Float[np.ndarray, "count 3"]:
    """Compute MATLAB's jet with this many colours, 0..1: three trapezoids, a quarter of the colours apart.

    >>> jet(8)[:, 2].tolist()
    [1.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0]
    """
    ramp = -(-count // 4)
    rise = np.arange(1, ramp + 1) / ramp
    trapezoid = np.concatenate([rise, np.ones(ramp - 1), rise[::-1]])
    colours = np.zeros((count, 3))
    # Where green's trapezoid begins; it is one colour earlier where the count leaves a remainder of 1.
    first = -(-ramp // 2) - (count % 4 == 1)
    for channel, start in enumerate((first + ramp, first, first - ramp)):
        low, high = max(start, 0), min(start + len(trapezoid), count)
        colours[low:high, channel] = trapezoid[low - start : high - start]
    return colours


def apply(unit: Float[np.ndarray, "*size"], name: str) -> UInt8[np.ndarray, "*size 3"]:
    """Colour numbers in 0..1; what lies outside takes the end's colour, NaN a gray of its own.

    >>> apply(np.array([[0.0, 1.0, 2.0]]), "gray")[0, :, 0].tolist()
    [0, 255, 255]
    """
    unknown = np.isnan(unit)
    coloured: np.ndarray = table(name)[levels(np.where(unknown, 0, unit))]
    if unknown.any():
        coloured[unknown] = UNKNOWN
    return coloured


def levels(unit: Float[np.ndarray, "*size"]) -> UInt8[np.ndarray, "*size"]:
    """Round numbers in 0..1 to the 256 colours of a map; what lies outside takes the end's.

    >>> levels(np.array([-1.0, 0.5, 1.0])).tolist()
    [0, 128, 255]
    """
    rounded: np.ndarray = (np.clip(unit, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return rounded
