"""What a print job is asked to do, and what it works with once names and paths are loaded and hashed.

In: `PrintRequest` (paths, names, options). Out: `Setting` (site, profile, layouts, hashes). `identity` holds all that decides the bytes
of the result: two jobs with equal identities are the same job. Refuses (ProblemError) options that cannot go together and files
that cannot be used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elqr import __version__
from elqr.mapping import HeadingMap, load_mapping
from elqr.out_place import refuse_inputs
from elqr.problems import Problem, ProblemError, Where
from elqr.profiles import Profile, profile_in_force
from elqr.site import Site, load_site
from slips import notice_rows
from slips.form import Layout
from slips.geometry import load_good_layout
from slips.guidance import LINES, Guide, load_guide
from slips.intake import Form
from slips.jobfile import Source, sha256_of, source_of
from slips.layout import beside
from slips.order import NUMBER_WIDTH, PlannedFile
from slips.outfolder import is_ours
from slips.values import known_values

LARGE_PRINT_PT = 14
"""A form whose values and running text are nowhere smaller is itself the large print (as `a4_large` is)."""


@dataclass(frozen=True, kw_only=True)
class PrintRequest:
    """The options of `elqr print`. `issue_date` has no default here: the library never asks the clock."""

    slips: Path
    out: Path
    layout: str
    issue_date: dt.date
    profile: str
    site: Path | None = None
    mapping: Path | None = None
    encoding: str | None = None
    jobs: int = 1
    slips_per_file: int = 5000
    release: bool = False
    read_back: bool = True
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A request with everything it names, loaded. `layouts` by name; `forms` by large print or not."""

    request: PrintRequest
    source: Source
    site: Site
    profile: Profile
    mapping: HeadingMap
    layouts: Mapping[str, Layout]
    forms: Mapping[bool, Form]
    identity: Mapping[str, Any]

    @property
    def unconfirmed(self) -> list[str]:
        """Names of the profile's rules that nobody has confirmed."""
        return [str(rule) for rule in self.profile.unconfirmed()]

    @property
    def not_checked(self) -> list[dict[str, str]]:
        """What nobody outside the agency can check, because the rule is not public."""
        return [
            {"rule": rule.name, "ja": rule.ja, "en": rule.en, "status": rule.status, "source": rule.source}
            for rule in self.profile.unconfirmed()
            if rule.status == "placeholder"
        ]

    def title(self, file: PlannedFile) -> str:
        """The document title of one output file."""
        name = self.layouts[file.layout].title["ja"]
        first, last = file.first_seq, file.first_seq + file.slips - 1
        numbers = f"{first:0{NUMBER_WIDTH}d}-{last:0{NUMBER_WIDTH}d}"
        return f"{self.site.city}{name} {self.request.issue_date.isoformat()} {numbers}"

    def described(self) -> dict[str, Any]:
        """Input, layouts, profile and site for job.json."""
        return {
            "input": {
                "file": self.source.name,
                "bytes": self.source.size,
                "sha256": self.source.sha256,
            },
            "layouts": [
                {"id": name, "version": layout.version, "sha256": layout.sha256}
                for name, layout in sorted(self.layouts.items())
            ],
            "profile": {"id": self.profile.id, "sha256": self.profile.sha256},
        }


def setting_of(request: PrintRequest) -> Setting:
    """Load what the request names. Raises ProblemError."""
    if request.release and not request.read_back:
        raise ProblemError(Problem("job.release_unread", ""))
    ours = request.out.iterdir() if request.out.is_dir() else ()
    refuse_inputs((path for path in ours if is_ours(path.name)), [request.slips])
    try:
        source = source_of(request.slips)
    except OSError as error:
        params = {"found": str(request.slips), "reason": error.strerror or type(error).__name__}
        raise ProblemError(Problem("file.unreadable", "", params, Where(str(request.slips)))) from None
    site = load_site(request.site) if request.site else Site.unknown()
    profile = profile_in_force(request.profile, request.issue_date)
    mapping = load_mapping(request.mapping).over(site.mapping) if request.mapping else site.mapping
    ordinary = _layout(request.layout)
    layouts = {ordinary.id: ordinary}
    guide = load_guide(site, profile=profile.kind, issued=request.issue_date)
    forms = {False: form_of(ordinary, guide)}
    if ordinary.large_print:
        large = _large_print(request.layout, ordinary)
        layouts[large.id] = large
        forms[True] = form_of(large, guide)
    identity = {
        "input_sha256": source.sha256,
        "layouts": {name: layout.sha256 for name, layout in sorted(layouts.items())},
        "profile_sha256": profile.sha256,
        "site_sha256": sha256_of(request.site),
        "mark_sha256": sha256_of(site.mark_file),
        "output_profile_sha256": sha256_of(site.output_profile),
        "channels_sha256": sha256_of(site.channels_file),
        "mapping_sha256": sha256_of(request.mapping),
        "encoding": request.encoding,
        "issue_date": request.issue_date.isoformat(),
        "slips_per_file": request.slips_per_file,
        "read_back": request.read_back,
        "release": request.release,
        "elqr": __version__,
    }
    return Setting(
        request=request,
        source=source,
        site=site,
        profile=profile,
        mapping=mapping,
        layouts=layouts,
        forms=forms,
        identity=identity,
    )


def form_of(layout: Layout, guide: Guide) -> Form:
    """The form as the job sees it; ways to pay are worked out only where it tells them."""
    said = {name for box in layout.boxes for name in box.value_names}
    ways = next(line for line in range(LINES + 1) if f"guide_{line + 1}" not in said)
    guided = any(name.startswith("guide_") for name in said)
    return Form(
        layout.id,
        table_rows(layout),
        guide if guided else None,
        layout.slips_per_page,
        layout.body_min_pt >= LARGE_PRINT_PT,
        layout.kinds,
        any(name.startswith("inst_") for name in said),
        ways,
    )


def _layout(name: str) -> Layout:
    """A form that may be printed: its values exist and its distances are good."""
    layout = load_good_layout(name, values=values_of)
    if layout.document != "slip":
        params = {"file": layout.file, "found": layout.document, "expected": "slip"}
        raise ProblemError(Problem("layout.other_document", "layout", params))
    return layout


def _large_print(name: str, ordinary: Layout) -> Layout:
    """The form for large print that a form names: a file beside it, as its base is, else one of where the command runs."""
    near = beside(name, ordinary.large_print)
    large = _layout(str(near) if Path(near).is_file() else ordinary.large_print)
    if large.id == ordinary.id and large != ordinary:  # all slips would be printed on one of the two
        expected = f"a form whose id is not {ordinary.id}"
        params = {"file": ordinary.file, "found": ordinary.large_print, "expected": expected}
        raise ProblemError(Problem("layout.bad_value", "large_print", params, Where(ordinary.file)))
    return large


def values_of(layout: Layout) -> frozenset[str]:
    """The names of all values that a form of its kind may print."""
    return known_values(table_rows(layout)) if layout.document == "slip" else frozenset(notice_rows.VALUES)


def table_rows(layout: Layout) -> int:
    """Rows of the layout's instalment table; 0 where it has none."""
    tables = [
        box.rows for box in layout.boxes if any(column.value.startswith("inst_") for column in box.columns)
    ]
    return min(tables, default=0)
