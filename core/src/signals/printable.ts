/**
 * What a terminal or a reader could be fooled by: C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width and other
 * invisible characters, tag characters, lone surrogates.
 */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/** Text safe to show to people: invisible and controlling characters become `\u{..}`. Two different texts may look alike, but none can act. */
export function printable(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`)
}

/** JSON lines whose strings hold the same characters as `\u` escapes. They can stand nowhere else in JSON that has no indentation. */
export function escapeInvisible(json: string): string {
  return json.replace(INVISIBLE, (character) => {
    if (character === '\n') return character
    let escaped = ''
    for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    return escaped
  })
}
