// The style sheet of report_html.cpp: colours for light and dark, layout from phone to desk. Series colours
// keep apart for the colour-blind and on both backgrounds.
#pragma once

namespace ppu::workload {

constexpr char kReportStyle[] = R"css(
:root{--bg:#fbfaf7;--card:#fff;--ink:#1c1e21;--soft:#5d636b;--line:#e3e0d8;--grid:#eceae4;--good:#2f7d4f;
--c0:#c2410c;--c1:#1d6fb8;--c2:#2f7d4f;--c3:#8b3fa8;--c4:#a07a00;--c5:#0f766e;
--compute:#c2410c;--memory:#1d6fb8;--link:#8b3fa8;--launch:#c79a1b;--host:#8b9096;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--bg:#131517;--card:#1b1e21;--ink:#e8e6e1;--soft:#a0a6ad;--line:#30343a;--grid:#272b30;
--good:#6fcf97;--c0:#fb923c;--c1:#6cb6ff;--c2:#6fcf97;--c3:#d29bea;--c4:#e5c04f;--c5:#4fd1c5;
--compute:#fb923c;--memory:#6cb6ff;--link:#d29bea;--launch:#e5c04f;--host:#8f959c}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 18px 60px}
h1{font-size:27px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:17px;margin:0 0 2px}
p{margin:0 0 10px}.soft{color:var(--soft)}.small{font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:16px 0;min-width:0}
.two{columns:430px 2;column-gap:16px;margin:16px 0}
.two section{break-inside:avoid;margin:0 0 16px}
.heads{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,235px),1fr));gap:14px;margin:18px 0}
.head{max-width:540px;background:var(--card);border:1px solid var(--line);border-top:4px solid;border-radius:10px;padding:12px 15px}
.head h2{margin-bottom:6px}.head dl{margin:0;display:grid;grid-template-columns:1fr auto;gap:3px 12px;font-size:14px}
.head dt{color:var(--soft)}.head dd{margin:0;font-weight:650;text-align:right;font-variant-numeric:tabular-nums}
.head dd small{display:block;font-weight:400;color:var(--soft);font-size:12px}
.b0{border-top-color:var(--c0)}.b1{border-top-color:var(--c1)}.b2{border-top-color:var(--c2)}
.b3{border-top-color:var(--c3)}.b4{border-top-color:var(--c4)}.b5{border-top-color:var(--c5)}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--soft)}
svg .name{font-size:12px}svg .label{fill:var(--ink);font-size:10.5px}svg .strong{fill:var(--ink);font-size:12px}
.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:5 4}
.line.s0,.whisker.s0{stroke:var(--c0)}.line.s1,.whisker.s1{stroke:var(--c1)}.line.s2,.whisker.s2{stroke:var(--c2)}
.line.s3,.whisker.s3{stroke:var(--c3)}.line.s4,.whisker.s4{stroke:var(--c4)}.line.s5,.whisker.s5{stroke:var(--c5)}
.mark{fill-opacity:.75}.mark.s0{fill:var(--c0)}.mark.s1{fill:var(--c1)}.mark.s2{fill:var(--c2)}
.mark.s3{fill:var(--c3)}.mark.s4{fill:var(--c4)}.mark.s5{fill:var(--c5)}
.line.s9{stroke:var(--soft)}.whisker{stroke-width:5;stroke-linecap:round;stroke-opacity:.35}
.low{fill:var(--c1)}.high{fill:var(--c0)}
.compute{fill:var(--compute);background:var(--compute)}.memory{fill:var(--memory);background:var(--memory)}
.link{fill:var(--link);background:var(--link)}.launch{fill:var(--launch);background:var(--launch)}.host{fill:var(--host);background:var(--host)}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;margin:2px 0 10px;font-size:13px;color:var(--soft)}
.key i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.k0{background:var(--c0)}.k1{background:var(--c1)}.k2{background:var(--c2)}.k3{background:var(--c3)}.k4{background:var(--c4)}.k5{background:var(--c5)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:14px 30px;margin-top:12px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:5px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;min-width:150px}
thead th{color:var(--soft);font-weight:600}td small{color:var(--soft)}
.bar{display:flex;height:16px;border-radius:4px;overflow:hidden;background:var(--grid);margin:3px 0 9px}
.bar span{display:block;height:100%}
.note{border-left:3px solid var(--c4);padding:2px 0 2px 10px;margin:6px 0;font-size:14px}
footer{color:var(--soft);font-size:13px;margin-top:22px}
)css";

}  // namespace ppu::workload
