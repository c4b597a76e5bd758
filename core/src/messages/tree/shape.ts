/** The tree of a message before values are put in: where they go are the numbers of slots. */
export type Part = string | number

export type ShapeInline =
  | { readonly type: 'text'; readonly parts: readonly Part[] }
  | { readonly type: 'code'; readonly parts: readonly Part[] }
  | { readonly type: 'emphasis' | 'strong'; readonly children: readonly ShapeInline[] }
  | { readonly type: 'link'; readonly url: readonly Part[]; readonly children: readonly ShapeInline[] }
  | { readonly type: 'break' }

export type ShapeBlock =
  | { readonly type: 'paragraph'; readonly children: readonly ShapeInline[] }
  | { readonly type: 'heading'; readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly children: readonly ShapeInline[] }
  | { readonly type: 'code'; readonly parts: readonly Part[] }
  | { readonly type: 'list'; readonly ordered: boolean; readonly items: readonly Shape[] }
  | { readonly type: 'quote'; readonly children: Shape }

export type Shape = readonly ShapeBlock[]
