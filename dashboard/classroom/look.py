"""The look of the classroom: large type, and a page without its frame on the projector."""

STYLE = """<style>
.class-code { font-size: clamp(2.4rem, 6vw, 5rem); font-weight: 700; letter-spacing: .12em; line-height: 1.1;
  font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.class-firm { font-size: clamp(1.7rem, 5vw, 2.4rem); font-weight: 700; line-height: 1.2; }
.class-cash { font-size: clamp(2rem, 7vw, 3rem); font-weight: 700; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
</style>"""

#: On the projector the frame of the page goes and everything grows.
PROJECTOR = """<style>
[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stExpandSidebarButton] { display: none; }
[data-testid=stMainBlockContainer] { padding: 1.2rem 2rem 1rem; max-width: none; }
[data-testid=stMarkdownContainer] p, [data-testid=stMetricLabel] p {
  font-size: clamp(1.1rem, 1.35vw, 1.9rem); }
[data-testid=stCaptionContainer] p { font-size: clamp(1rem, 1.15vw, 1.5rem); }
[data-testid=stMetricValue] { font-size: clamp(1.9rem, 2.7vw, 3.6rem); }
[data-testid=stMetricDelta] { font-size: clamp(1rem, 1.2vw, 1.6rem); }
</style>"""
