import { STYLE } from '../../report/html.ts';

export const DECISION_STYLE = `
${STYLE}
th, td { padding: .25rem .5rem } h2 { margin: 2.6rem 0 .4rem; padding-top: 1rem; border-top: 2px solid #1c1c1c } h3 { margin: 1.6rem 0 .4rem }
p { max-width: 72ch } small { display: block } ul { padding-left: 1.2rem } nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 1rem 0 }
a { color: #1766c2 } .verdict { background: #f4f5f7; border-left: 4px solid #1c1c1c; padding: .6rem 1rem; margin: .8rem 0 1.2rem; max-width: 88ch }
.verdict ul { margin: .2rem 0 } .faint, small { fill: #666; color: #666 } svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
svg .grid { stroke: #e2e2e2 } svg .title { font-weight: 600; font-size: 13px } svg .number { font-variant-numeric: tabular-nums }
.row { display: flex; flex-wrap: wrap; gap: .8rem 1.6rem; align-items: flex-start; margin: .8rem 0 }
.swatch { display: inline-block; width: .75em; height: .75em; border-radius: 2px; margin-right: .45em }
td.sure { font-weight: 600 } .best td:first-child { font-weight: 600 } .pass { color: #146c2e } .fail { color: #b3261e; font-weight: 600 }
.confusion th, .confusion td { padding: .2rem .45rem } .confusion td { text-align: right; min-width: 1.6rem; border: 1px solid #fff } .confusion td:first-child { border: 0 }
.confusion th { font-weight: 500; font-size: 13px } .confusion th.turned { writing-mode: vertical-rl; text-align: left; padding: .3rem 0 }
.example { margin: 0 0 1.3rem } .example figure { width: 148px } .example figcaption { line-height: 1.35 } .example img { border-radius: 3px; background: #eee }
.blanks th, .blanks td { padding: .2rem .55rem } .blanks td:nth-child(2), .blanks th:nth-child(2) { text-align: left } .blanks tr.first td { border-top: 2px solid #999 }
.unsure { color: #7a5b00 } .studies td { white-space: normal; text-align: left; vertical-align: top; min-width: 11rem } .studies th { text-align: left }
@media print { nav { display: none } h2 { break-before: auto } svg, table, figure { break-inside: avoid } }
`;
