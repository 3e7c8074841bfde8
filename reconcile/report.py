"""x"""
def report_html(*a, **k): return b""
