"""Real files, made by other people's writers."""

from email.message import EmailMessage
from pathlib import Path

import docx
from fpdf import FPDF
from fpdf.enums import XPos, YPos


def line(pdf: FPDF, size: int, text: str, style: str = "") -> None:
    pdf.set_font("Helvetica", style, size)
    pdf.multi_cell(0, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(4)


def new_pdf(title: str = "") -> FPDF:
    pdf = FPDF()
    pdf.set_auto_page_break(False)
    if title:
        pdf.set_title(title)
    return pdf


def manual_pdf(path: Path, pages: int = 4) -> Path:
    """A title, then a section a page, with a running header and a page number."""
    pdf = new_pdf("Heron manual")
    for page in range(1, pages + 1):
        pdf.add_page()
        line(pdf, 9, "Mereholt Instruments | Heron manual")
        if page == 1:
            line(pdf, 20, "Heron manual", "B")
        line(pdf, 14, f"{page}. Section about the {SUBJECTS[page - 1]}", "B")
        line(pdf, 11, f"The {SUBJECTS[page - 1]} of the buoy has to be looked at before each launch. " * 4)
        pdf.set_y(-20)
        line(pdf, 9, f"Page {page} of {pages}")
    pdf.output(str(path))
    return path


SUBJECTS = ("anchor", "mast", "light", "battery", "hull", "rope")


def encrypted_pdf(path: Path) -> Path:
    pdf = new_pdf()
    pdf.set_encryption(owner_password="owner", user_password="user")
    pdf.add_page()
    line(pdf, 11, "Nobody may read this.")
    pdf.output(str(path))
    return path


def owner_protected_pdf(path: Path) -> Path:
    """Printing is forbidden, reading is not."""
    pdf = new_pdf()
    pdf.set_encryption(owner_password="owner")
    pdf.add_page()
    line(pdf, 11, "Everybody may read this, and few may print it.")
    pdf.output(str(path))
    return path


def picture_pdf(path: Path) -> Path:
    pdf = new_pdf()
    pdf.add_page()
    pdf.rect(20, 20, 100, 100)
    pdf.output(str(path))
    return path


def contract_docx(path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "Supply contract"
    document.sections[0].header.paragraphs[0].text = "Confidential, for the parties alone"
    document.add_heading("Contract", 1)
    document.add_paragraph("The supplier delivers cells of lithium.")
    document.add_heading("Prices", 2)
    table = document.add_table(rows=1, cols=3)
    for cell, name in zip(table.rows[0].cells, ("Quantity", "Price in euros", "Valid until"), strict=True):
        cell.text = name
    for values in (("up to 15,000", "11.40", "2025"), ("more", "10.20", "2026")):
        for cell, value in zip(table.add_row().cells, values, strict=True):
            cell.text = value
    document.add_heading("Duties", 2)
    document.add_paragraph("Deliver in time", style="List Bullet")
    document.add_paragraph("Pay in time", style="List Bullet")
    document.save(str(path))
    return path


def mail(path: Path, *, html: bool = False) -> Path:
    message = EmailMessage()
    message["From"] = "Renske Hoogland-Pike <renske@example.com>"
    message["To"] = "heads@example.com"
    message["Subject"] = "Prüfung im März"
    message["Date"] = "Tue, 03 Mar 2026 10:15:00 +0100"
    message.set_content("Dear all,\n\nthe audit takes place on 24 March, and two auditors come.\n\nRenske\n")
    if html:
        message.add_alternative("<h1>Audit</h1><p>The audit takes place on <b>24 March</b>.</p>", subtype="html")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="agenda.pdf")
    path.write_bytes(message.as_bytes())
    return path
