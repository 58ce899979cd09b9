"""Characters that must join without gaps, drawn by hand: boxes, blocks, braille."""

# Box drawing: the weight of each arm (up, right, down, left): 1 light, 2 heavy, 3 double.
_ARMS = {
    "─": "0101", "━": "0202", "│": "1010", "┃": "2020", "┌": "0110", "┐": "0011", "└": "1100", "┘": "1001",
    "├": "1110", "┤": "1011", "┬": "0111", "┴": "1101", "┼": "1111", "╭": "0110", "╮": "0011", "╯": "1001", "╰": "1100",
    "┏": "0220", "┓": "0022", "┗": "2200", "┛": "2002", "┣": "2220", "┫": "2022", "┳": "0222", "┻": "2202", "╋": "2222",
    "═": "0303", "║": "3030", "╔": "0330", "╗": "0033", "╚": "3300", "╝": "3003", "╠": "3330", "╣": "3033", "╦": "0333",
    "╩": "3303", "╬": "3333", "╴": "0001", "╵": "1000", "╶": "0100", "╷": "0010", "╸": "0002", "╹": "2000", "╺": "0200",
    "╻": "0020", "╼": "0201", "╽": "1020", "╾": "0102", "╿": "2010",
}
_DASHES = {"┄": (3, 1), "┅": (3, 2), "┆": (3, 1), "┇": (3, 2), "┈": (4, 1), "┉": (4, 2), "┊": (4, 1), "┋": (4, 2),
           "╌": (2, 1), "╍": (2, 2), "╎": (2, 1), "╏": (2, 2)}
_UPRIGHT = set("┆┇┊┋╎╏")
_QUADRANTS = {"▖": 4, "▗": 8, "▘": 1, "▙": 13, "▚": 9, "▛": 7, "▜": 11, "▝": 2, "▞": 6, "▟": 14}
_ROUND = set("╭╮╯╰")


def draw(canvas, char, box, colour, behind):
    """Draws the character into the box (left, top, right, bottom) of a Pillow canvas; False if it is not one of ours."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    point = ord(char)

    def fill(x0, y0, x1, y1, ink=colour):
        x0, y0, x1, y1 = round(x0), round(y0), round(x1), round(y1)
        if x1 > x0 and y1 > y0:
            canvas.rectangle((x0, y0, x1 - 1, y1 - 1), fill=ink)

    if char in _ARMS:
        _box(canvas, char, box, colour, fill)
    elif char in _DASHES:
        count, weight = _DASHES[char]
        thick, upright = weight * max(1, round(wide / 9)), char in _UPRIGHT
        length = (high if upright else wide) / count
        for step in range(count):
            if upright:
                x = left + (wide - thick) // 2
                fill(x, top + step * length, x + thick, top + (step + 0.6) * length)
            else:
                y = top + (high - thick) // 2
                fill(left + step * length, y, left + (step + 0.6) * length, y + thick)
    elif char == "▀":
        fill(left, top, right, top + high / 2)
    elif 0x2581 <= point <= 0x2588:
        fill(left, bottom - high * (point - 0x2580) / 8, right, bottom)
    elif 0x2589 <= point <= 0x258F:
        fill(left, top, left + wide * (0x2590 - point) / 8, bottom)
    elif char == "▐":
        fill(left + wide / 2, top, right, bottom)
    elif char == "▔":
        fill(left, top, right, top + high / 8)
    elif char == "▕":
        fill(right - wide / 8, top, right, bottom)
    elif char in "░▒▓":
        share = {"░": 0.25, "▒": 0.5, "▓": 0.75}[char]
        fill(left, top, right, bottom, tuple(round(b + (c - b) * share) for c, b in zip(colour, behind)))
    elif char in _QUADRANTS:
        for bit in range(4):
            if _QUADRANTS[char] >> bit & 1:
                x, y = left + wide / 2 * (bit & 1), top + high / 2 * (bit >> 1)
                fill(x, y, x + wide / 2, y + high / 2)
    elif 0x2800 <= point <= 0x28FF:
        dots = point - 0x2800
        size = max(1.0, min(wide / 2, high / 4) * 0.34)
        for bit, (column, row) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
            if dots >> bit & 1:
                x, y = left + wide * (column + 0.5) / 2, top + high * (row + 0.5) / 4
                canvas.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    else:
        return False
    return True


def _box(canvas, char, box, colour, fill):
    left, top, right, bottom = box
    light = max(1, round((right - left) / 9))
    x, y = (left + right - light) // 2, (top + bottom - light) // 2
    if char in _ROUND:
        radius = min(right - left, bottom - top) // 2
        up, west = char in "╯╰", char in "╮╯"
        across = (left, x - radius + light) if west else (x + radius, right)
        along = (top, y - radius + light) if up else (y + radius, bottom)
        fill(across[0], y, across[1], y + light)
        fill(x, along[0], x + light, along[1])
        cx0 = x + light - 1 - 2 * radius if west else x
        cy0 = y + light - 1 - 2 * radius if up else y
        start = {"╭": 180, "╮": 270, "╯": 0, "╰": 90}[char]
        canvas.arc((cx0, cy0, cx0 + 2 * radius, cy0 + 2 * radius), start, start + 90, fill=colour, width=light)
        return
    arms = [int(weight) for weight in _ARMS[char]]
    for arm, weight in enumerate(arms):
        if weight == 0:
            continue
        thick = light * 2 if weight == 2 else light
        offsets = (-light, light) if weight == 3 else (0,)
        for offset in offsets:
            half = (thick + 1) // 2 + (light if 3 in arms else 0)
            if arm in (0, 2):
                x0 = (left + right - thick) // 2 + offset
                y0, y1 = (top, y + half) if arm == 0 else (y + light - half, bottom)
                fill(x0, y0, x0 + thick, y1)
            else:
                y0 = (top + bottom - thick) // 2 + offset
                x0, x1 = (x + light - half, right) if arm == 1 else (left, x + half)
                fill(x0, y0, x1, y0 + thick)
