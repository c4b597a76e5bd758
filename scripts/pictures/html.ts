export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** A page that holds one message as the program would show it, so wide, and tells its height. */
export function page(body: string, style: string): string {
  return `<!DOCTYPE html><html><head><meta charset="utf-8"><style>
body { margin: 0; background: #ffffff; font-family: "Liberation Sans", "DejaVu Sans", Arial, sans-serif; font-size: 15px; line-height: 1.45; color: #1d1c1d }
code, pre { font-family: "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 12.5px }
${style}</style></head><body><div id="message" style="padding:16px">${body}</div>
<script>document.documentElement.dataset.height = Math.ceil(document.getElementById('message').getBoundingClientRect().height)</script></body></html>`
}
