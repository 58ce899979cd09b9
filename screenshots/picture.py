"""Cells of a terminal as a picture."""

import subprocess
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import glyphs

INK, PAPER = (216, 222, 233), (17, 21, 28)
_SIXTEEN = ["1b1f27", "e06c75", "98c379", "e5c07b", "61afef", "c678dd", "56b6c2", "c8ccd4",
            "5c6370", "ff7a85", "b5e890", "ffd68a", "7fc4ff", "dd9bf0", "7fdbe6", "ffffff"]
_FACES = {
    (False, False): "DejaVuSansMono.ttf",
    (True, False): "DejaVuSansMono-Bold.ttf",
    (False, True): "DejaVuSansMono-Oblique.ttf",
    (True, True): "DejaVuSansMono-BoldOblique.ttf",
}


def save(cells, path, size=20, margin=10):
    """Draws the cells (rows of (text, Style)) and writes a PNG."""
    fonts = {key: _font(name, size) for key, name in _FACES.items()}
    plain = fonts[False, False]
    ascent, descent = plain.getmetrics()
    wide, high = round(plain.getlength("M")), ascent + descent
    cols = max(len(row) for row in cells)
    image = Image.new("RGB", (cols * wide + 2 * margin, len(cells) * high + 2 * margin), PAPER)
    canvas = ImageDraw.Draw(image)
    for y, row in enumerate(cells):
        for x, (text, style) in enumerate(row):
            left, top = margin + x * wide, margin + y * high
            span = 2 if x + 1 < len(row) and row[x + 1][0] == "" else 1
            ink, paper = _colours(style)
            if text == "":
                continue
            box = (left, top, left + wide * span, top + high)
            if paper != PAPER:
                canvas.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=paper)
            if text != " " and not glyphs.draw(canvas, text[0], box, ink, paper):
                canvas.text((left, top), text, font=fonts[style.bold, style.italic], fill=ink)
            if style.underline:
                canvas.line((left, top + ascent + 2, box[2] - 1, top + ascent + 2), fill=ink)
            if style.strike:
                canvas.line((left, top + high // 2, box[2] - 1, top + high // 2), fill=ink)
    image.save(path, optimize=True)


def _colours(style):
    ink, paper = _rgb(style.fg, INK), _rgb(style.bg, PAPER)
    if style.reverse:
        ink, paper = paper, ink
    if style.dim:
        ink = tuple((3 * a + 2 * b) // 5 for a, b in zip(ink, paper))
    return ink, paper


def _rgb(colour, otherwise):
    if colour is None:
        return otherwise
    if isinstance(colour, tuple):
        return colour
    if colour < 16:
        return tuple(bytes.fromhex(_SIXTEEN[colour]))
    if colour < 232:
        steps = (0, 95, 135, 175, 215, 255)
        cube = colour - 16
        return steps[cube // 36], steps[cube // 6 % 6], steps[cube % 6]
    return (8 + 10 * (colour - 232),) * 3


def _font(name, size):
    for folder in (Path("/usr/share/fonts/truetype/dejavu"), Path("/usr/share/fonts/TTF"), Path("/usr/share/fonts/dejavu")):
        if (folder / name).exists():
            return ImageFont.truetype(str(folder / name), size)
    asked = subprocess.run(["fc-match", "-f", "%{file}", name.removesuffix(".ttf")], capture_output=True, text=True)
    if not asked.stdout.endswith(name):
        raise SystemExit(f"{name} is not installed (apt-get install fonts-dejavu-core)")
    return ImageFont.truetype(asked.stdout, size)
