"""The formulas a task works by, as lines of mathematics for a page or a report; docs/compute/ explains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MEAN = ("y = Σ wᵢ·xᵢ,  Σ wᵢ = 1", "χ² = Σ (xᵢ − y)²/uᵢ²,  ν = n − 1")
_DEGREES = ("dᵢ = xᵢ − y,  u²(dᵢ) = u²(xᵢ) − 2·cov(xᵢ, y) + u²(y),  Eₙ = dᵢ/(k·u(dᵢ))",)
_EFFECTS = ("wᵢ ∝ 1/(uᵢ² + τ²),  u(y) = (Σ 1/(uᵢ² + τ²))^(−1/2)", *_MEAN)
_ROBUST = ("u(x*) = 1.25·s*/√n",)
_RISKS = (
    "p_c = Φ((T_U − y)/u) − Φ((T_L − y)/u)   (JCGM 106, 7.2)",
    "R_C = ∫ P(A | η)·g₀(η) dη,  η ∉ C;   R_P = ∫ (1 − P(A | η))·g₀(η) dη,  η ∈ C   (JCGM 106, 9.5)",
)
_RELIABILITY = (
    "R(t; θ),  ln L = Σ [gᵢ·ln R(tᵢ) + (nᵢ − gᵢ)·ln(1 − R(tᵢ))] → max,  R(T) = R_target",
    "AIC = 2p − 2·ln L",
)

# task → word of the request that decides ("" for all) → lines
_LINES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "uncertainty": {
        "gum": (
            "u²(y) = Σ cᵢ²·u²(xᵢ) + 2·Σ cᵢ·cⱼ·u(xᵢ)·u(xⱼ)·rᵢⱼ,  cᵢ = ∂f/∂xᵢ   (JCGM 100, 5.2.2)",
            "ν_eff = u⁴(y)/Σ (cᵢ·u(xᵢ))⁴/νᵢ,  U = k·u(y)   (JCGM 100, G.4.1)",
        ),
        "gum2": (
            "u²(y) = Σ cᵢ²·uᵢ² + Σ Σ [½·f²ᵢⱼ + fᵢ·fᵢⱼⱼ]·uᵢ²·uⱼ²   (JCGM 100, 5.1.2)",
        ),
        "mc": (
            "yᵣ = f(x₁ᵣ, …, x_Nᵣ),  r = 1 … M;  y = ȳᵣ,  u(y) = s(yᵣ)   (JCGM 101, 7.4 – 7.6)",
            "q = int(p·M + ½);  [y₍ᵣ₎, y₍ᵣ₊q₎]   (JCGM 101, 7.7)",
        ),
        "auto": (
            "u²(y) = Σ cᵢ²·u²(xᵢ) + 2·Σ cᵢ·cⱼ·u(xᵢ)·u(xⱼ)·rᵢⱼ   (JCGM 100, 5.2.2)",
            "yᵣ = f(x₁ᵣ, …, x_Nᵣ),  r = 1 … M;  d_low, d_high ≤ δ = ½·10^ℓ   (JCGM 101, 7.9.2, 8.1)",
        ),
    },
    "conformity": {"": _RISKS},
    "calibration-line": {
        "": (
            "χ² = eᵀ·V⁻¹·e → min,  e = (x − ξ, y − f(ξ; b));  V(b) = (JᵀJ)⁻¹   (ISO/TS 28037)",
            "u²(y) = gᵀ·V(b)·g + f′²·u²(x),  g = ∂f/∂b;   u²(x) = (gᵀ·V(b)·g + u²(y))/f′²",
        ),
    },
    "comparison": {
        "": _DEGREES,
        "weighted-mean": ("wᵢ ∝ 1/uᵢ²,  u(y) = (Σ 1/uᵢ²)^(−1/2)", *_MEAN),
        "birge": ("wᵢ ∝ 1/uᵢ²,  u(y) = max(1, √(χ²/ν))·(Σ 1/uᵢ²)^(−1/2)", *_MEAN),
        "largest-consistent-subset": ("max |S|:  χ²(S) ≤ χ²₀.₉₅(|S| − 1);  y = Σ_S xᵢ/uᵢ² / Σ_S 1/uᵢ²",),
        "procedure-b": ("yᵣ = med(x₁ᵣ, …, x_nᵣ),  xᵢᵣ ~ N(xᵢ, uᵢ²),  r = 1 … M",),
        "median": ("y = med(xᵢ),  u(y) = 1.858·MAD/√(n − 1)",),
        "mean": ("y = Σ xᵢ/n,  u(y) = √(Σ uᵢ²)/n",),
        "mean-scatter": ("y = Σ xᵢ/n,  u(y) = s/√n",),
        "dersimonian-laird": ("τ² = max(0, (χ² − ν)/(Σ wᵢ − Σ wᵢ²/Σ wᵢ)),  wᵢ = 1/uᵢ²", *_EFFECTS),
        "mandel-paule": ("τ²:  Σ (xᵢ − y)²/(uᵢ² + τ²) = n − 1", *_EFFECTS),
        "bayes": ("xᵢ ~ N(μ + θᵢ, uᵢ²),  θᵢ ~ N(0, τ²),  τ ~ C⁺(0, s);  y = E(μ | x)",),
        "pilot": ("y = x_pilot,  u(y) = u(x_pilot)",),
        "given": ("u²(dᵢ) = u²(xᵢ) + u²(y)",),
    },
    "robust": {
        "algorithm-a": (
            "x* = Σ min(max(xᵢ, x* − 1.5·s*), x* + 1.5·s*)/n,  s* = 1.134·s(xᵢ*)   (ISO 13528, C.3.1)",
            *_ROBUST,
        ),
        "q-hampel": ("Σ ψ((xᵢ − x*)/s*) = 0,  s*: Q   (ISO 13528, C.5)", *_ROBUST),
        "median-mad": ("x* = med(xᵢ),  s* = 1.483·med|xᵢ − x*|   (ISO 13528, C.2)", *_ROBUST),
        "median-niqr": ("x* = med(xᵢ),  s* = 0.7413·(Q₃ − Q₁)   (ISO 13528, C.2)", *_ROBUST),
        "mean": ("x* = Σ xᵢ/n,  s* = s,  u(x*) = s/√n",),
    },
    "homogeneity": {
        "": (
            "s_w² = MS_within,  s_bb² = (MS_between − MS_within)/n₀,  n₀ = (N − Σ nᵢ²/N)/(p − 1)",
            "u_bb = max(s_bb, √(MS_within/n₀)·(2/ν_within)^(1/4))   (ISO Guide 35, 7.7)",
        )
    },
    "stability": {
        "": (
            "y = a + b·t,  |b|/u(b) ≤ t₀.₉₇₅(n − 2)   (ISO Guide 35, 8.7)",
            "u_stab = u(b)·t_shelf",
            "u² = u²_char + u²_bb + u²_lts + u²_sts,  U = k·u",
        )
    },
    "certified-value": {
        "": ("u²_CRM = u²_char + u²_bb + u²_lts + u²_sts,  U = k·u   (ISO Guide 35, 10)",),
        "mean": ("y = Σ x̄ᵢ/p,  u_char = s(x̄ᵢ)/√p   (ISO Guide 35, 9)",),
        "weighted-mean": ("wᵢ ∝ 1/uᵢ²,  u_char = (Σ 1/uᵢ²)^(−1/2)",),
        "median": ("y = med(x̄ᵢ),  u_char = 1.858·MAD/√(p − 1)",),
        "dersimonian-laird": _EFFECTS[:1],
        "mandel-paule": _EFFECTS[:1],
        "one-method": ("y = x̄,  u²_char = s²/n + Σ u²_systematic",),
    },
    "quantity": {
        "": (
            "{y}₂ = {y}₁·([y]₁/[y]₂),  U₂ = U₁·([y]₁/[y]₂)   (GB 3101)",
            "U → 1 – 2,  y → 10^ℓ(U)   (JCGM 100, 7.2.6;  GB/T 8170)",
        )
    },
    "uncertain-numbers": {
        "": (
            "y = f(x₁, …, x_N),  c_k(y) = Σ ∂f/∂xᵢ·c_k(xᵢ)",
            "u²(y) = Σ c_k²(y),  cov(y, z) = Σ c_k(y)·c_k(z)   (JCGM 100, 5.1.3, F.1.2.3, H.2.3)",
        )
    },
    "standard-check": {
        "repeatability": ("s = √(Σ (yᵢ − ȳ)²/(n − 1))",),
        "stability": ("max ȳₘ − min ȳₘ  (new);   max |ȳₘ₊₁ − ȳₘ|  (in service)",),
        "transfer": ("|y − y₀| ≤ √(U² + U₀²);   |y − y₀| ≤ U  where U₀ ≤ U/3",),
        "comparison": ("|y − ȳ| ≤ √((n − 1)/n)·U",),
        "pooled": ("s_p² = Σ νⱼ·sⱼ²/Σ νⱼ,  u = s_p/√m",),
        "chart": ("CL ± 3·s;   EWMA: zᵢ = λ·xᵢ + (1 − λ)·zᵢ₋₁,  ± L·s·√(λ/(2 − λ)·(1 − (1 − λ)²ⁱ))",),
    },
    "interval": {
        "staircase": ("T′ = (1 + a)·T,  |e| ≤ b·MPE;   T′ = T,  |e| ≤ MPE;   T′ = T/2,  |e| > MPE",),
        "control-chart": ("T = (MPE − U − |e_n|)/|de/dt|",),
        "in-use": ("T = h/h̄_day",),
        "a1": ("T′ = (1 + a)·T  (pass),  T′ = (1 − b)·T  (fail),  (1 + a)^R·(1 − b)^(1 − R) = 1",),
        "a2": ("T′ = (1 + Δ·(1 − R))·T  (pass),  T′ = (1 − Δ·R)·T  (fail),  Δ → Δ/2",),
        "a3": ("Q > C:  T′ = T·10^((g/n − R)·Q)  (g/n < R),  T′ = T·10^((g/n − R)/(1 − Q))  (g/n > R)",),
        "s1": ("R(t) = exp(−t/θ)", *_RELIABILITY),
        "s2": _RELIABILITY,
        "s3": _RELIABILITY,
        "binomial": ("Σ_{i ≥ g} C(n, i)·Rⁱ·(1 − R)ⁿ⁻ⁱ = 1 − C   (Clopper & Pearson)",),
        "variables": ("δ(t) = Σ bⱼ·tʲ,  u²(t) = u₀² + tᵀ·V(b)·t + s²",),
        "drift": ("e(t) ~ GP,  P(|e(T)| ≤ MPE) = R_target",),
    },
    "net-content": {
        "": (
            "qᵢ = grossᵢ − tare − deductionᵢ,  dᵢ = Q_n − qᵢ",
            "q̄ ≥ Q_n − f·s,  f = t₀.₉₉₅/√n;   #(T < dᵢ ≤ 2T) ≤ Ac,  #(dᵢ > 2T) = 0   (JJF 1070, R 87)",
        )
    },
    "emission": {
        "": ("E = Σ A·EF;   E = Σ FC·NCV·CC·OF·44/12", "u²(E) = Σ_x (Σ_a ∂E_a/∂x)²·u²(x),  U = k·u(E)"),
    },
}  # fmt: skip


def formulas(task: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines for this request: those of its method or kind, then those of the whole task.

    Examples
    --------
    >>> formulas("comparison", {"method": "median"})[0]
    'y = med(xᵢ),  u(y) = 1.858·MAD/√(n − 1)'
    """
    known = _LINES.get(task, {})
    named = request.get("method") or request.get("kind") or ("auto" if task == "uncertainty" else "")
    return (*(known.get(named, ()) if isinstance(named, str) and named else ()), *known.get("", ()))
