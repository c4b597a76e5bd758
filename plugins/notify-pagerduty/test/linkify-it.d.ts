declare module 'linkify-it' {
  /** Finds what a program that shows plain text would make a link of. */
  export default class LinkifyIt {
    tlds(list: string | readonly string[], keepOld?: boolean): this
    match(text: string): readonly { readonly url: string }[] | null
  }
}
