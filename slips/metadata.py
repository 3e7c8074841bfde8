"""What a file says of itself: XMP for PDF/UA-1, PDF/X-4 and PDF/VT-1, the information dictionary, the output intent.

In: title, issue date, an output profile. Out: bytes. The date is the issue date, never the clock: the same job gives the same bytes.
Refuses an output profile that is not of the class that PDF/X asks for (`prtr`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from elqr.problems import Problem, ProblemError
from elqr.settings import file_bytes
from slips.pdf import text_string

STANDIN_PROFILE: Final = "k_only_standin.icc"
COMPONENTS: Final = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}


@dataclass(frozen=True)
class OutputIntent:
    """The printing condition: an ICC output profile and its name."""

    profile: bytes
    condition: str

    @property
    def components(self) -> int:
        return COMPONENTS[self.profile[16:20]]


def load_intent(path: str | Path | None) -> OutputIntent:
    """The vendor's profile, or the stand-in that ships with elqr (a neutral grey output profile, no press's measurement).

    Raises ProblemError `icc.not_output` where the file is no ICC profile of class `prtr`, `file.unreadable`.
    """
    if path is None:
        return OutputIntent((files("layouts") / "icc" / STANDIN_PROFILE).read_bytes(), "elqr K-only stand-in")
    data = file_bytes(Path(path))
    if len(data) < 132 or data[36:40] != b"acsp" or data[12:16] != b"prtr" or data[16:20] not in COMPONENTS:
        raise ProblemError(
            Problem("icc.not_output", "output_profile", {"found": repr(data[12:20]), "expected": "ICC prtr"})
        )
    return OutputIntent(data, Path(path).stem)


def xmp(title: str, *, issued: dt.date, identity: str) -> bytes:
    """The metadata packet. `identity` is any text that tells this file from every other of its kind."""
    digest = hashlib.sha256(identity.encode()).hexdigest()
    uuid = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    stamp = f"{issued.isoformat()}T00:00:00+09:00"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/"
 xmlns:pdfvtid="http://www.npes.org/pdfvt/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>ja-JP</rdf:li></rdf:Bag></dc:language>
<pdfuaid:part>1</pdfuaid:part>
<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion>
<pdfvtid:GTS_PDFVTVersion>PDF/VT-1</pdfvtid:GTS_PDFVTVersion>
<pdfvtid:GTS_PDFVTModDate>{stamp}</pdfvtid:GTS_PDFVTModDate>
<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate><xmp:MetadataDate>{stamp}</xmp:MetadataDate>
<xmp:CreatorTool>elqr</xmp:CreatorTool><pdf:Producer>elqr</pdf:Producer><pdf:Trapped>False</pdf:Trapped>
<xmpMM:DocumentID>uuid:{uuid}</xmpMM:DocumentID><xmpMM:VersionID>1</xmpMM:VersionID><xmpMM:RenditionClass>default</xmpMM:RenditionClass>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()


def information(title: str, *, issued: dt.date) -> bytes:
    """The document information dictionary, equal to the XMP."""
    date = b"(D:%b000000+09'00')" % issued.strftime("%Y%m%d").encode()
    return (
        b"<</Title %b/Creator(elqr)/Producer(elqr)/CreationDate %b/ModDate %b/Trapped/False/GTS_PDFXVersion(PDF/X-4)>>"
        % (text_string(title), date, date)
    )
