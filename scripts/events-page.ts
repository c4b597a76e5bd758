/** docs/events.md: the model, with the blocks that events share told once. */
import {
  type ConstantFamily,
  cgroupBlock,
  commonBlock,
  constantFamilies,
  type EventDefinition,
  type Field,
  fieldsOf,
  fileBlock,
  isField,
  isIterated,
  networkBlock,
  processBlock,
  type Shape,
  standardEvents,
  userSessionBlock,
} from '@cws/core'

interface Block {
  readonly title: string
  readonly doc: string
  readonly shape: Shape
}

/** What events are made of. A block is told by its own section wherever it appears whole. */
const BLOCKS: readonly Block[] = [
  { title: 'Process', doc: 'A process image.', shape: processBlock },
  { title: 'File', doc: 'A file as the kernel has it.', shape: fileBlock },
  { title: 'User session', doc: 'The session that a process was started in.', shape: userSessionBlock },
  { title: 'Control group', doc: 'A control group.', shape: cgroupBlock },
  { title: 'Network packet', doc: 'A packet on a network.', shape: networkBlock },
]

/** What the sensors of this version feed. */
export interface Sensors {
  /** Those that feed an event type. */
  of(type: string): readonly string[]
  /** Whether anybody tells a field of an event type. */
  isTold(type: string, field: string): boolean
}

export function eventsPage(generated: string, sensors: Sensors): string {
  const isFed = ({ type, agent }: EventDefinition) => agent || sensors.of(type).length > 0
  const fed = standardEvents.filter(isFed)
  const link = ({ type, doc }: EventDefinition) => `- [\`${type}\`](#${anchor(type)}): ${doc}`
  return [
    '# Events and fields',
    '',
    generated,
    '',
    'The model: the event types that rules can be on and the fields that conditions, templates and JSON use, by the same names. A field is a value or',
    'UNKNOWN (left out in JSON, `null` in lists), which is never the same as empty. Whether a host feeds an event type is told by `cws doctor`.',
    'Signals carry their event whole; lines of events (`--events`, `cws events`) tell of ancestors no more than who they are.',
    '',
    'An event has its own fields and those of [every event](#every-event). Where a table says that `open.file.*` is a file, each field of the section',
    '[File](#file) is there: `open.file.path`, `open.file.uid`. Of a block that is repeated, as `process.ancestors.*`, each field is an array with one',
    'element for each, and JSON has a list of objects. A field marked *derived* follows from another: it is worked out when a rule reads it, and JSON',
    'leaves it out.',
    '',
    'The sensors of this version and the agent itself feed:',
    '',
    ...fed.map(link),
    '',
    'Declared, but not fed by the sensors of this version, are the following. Rules on them are checked, and reported as not fed:',
    '',
    ...standardEvents.filter((event) => !isFed(event)).map(link),
    '',
    '# Blocks',
    '',
    '## Every event',
    '',
    'What every event has: when and where it happened, and the process that did it. Events about the agent have `event.*` alone.',
    '',
    ...table(commonBlock, ''),
    ...untoldLine(
      commonBlock,
      (field) => fed.some(({ type, agent }) => !agent && sensors.isTold(type, field)),
      'Told of no event in this version, nor is what is missing here of `process` told of parents and ancestors',
    ),
    ...BLOCKS.flatMap(({ title, doc, shape }) => [`## ${title}`, '', doc, '', ...table(shape, '', shape)]),
    '# Event types',
    '',
    ...standardEvents.flatMap((event) => eventSection(event, sensors)),
    '# Constants',
    '',
    'Names that stand for numbers in conditions. They are one name space for all families, as in SECL; capabilities are masks, errors are negative.',
    '',
    ...constantFamilies.flatMap(familySection),
  ].join('\n')
}

const anchor = (title: string): string => title.toLowerCase().replaceAll('.', '').replaceAll(' ', '-')
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function eventSection(event: EventDefinition, sensors: Sensors): readonly string[] {
  const { type, agent } = event
  const own = Object.fromEntries(Object.entries(event.shape).filter(([name]) => !Object.hasOwn(commonBlock, name)))
  const by = sensors.of(type).map((sensor) => `\`${sensor}\``)
  const isFed = agent || by.length > 0
  const fedBy = agent ? 'Fed by the agent.' : isFed ? `Fed by the sensor ${by.join(', ')}.` : '*Not fed by the sensors of this version.*'
  return [
    `## ${type}`,
    '',
    `${event.doc} ${fedBy}`,
    '',
    ...table(own, ''),
    ...(isFed ? untoldLine(own, (field) => sensors.isTold(type, field), 'Not told by it') : []),
  ]
}

/** The fields that the sensors of this version leave UNKNOWN always. */
function untoldLine(shape: Shape, isTold: (field: string) => boolean, what: string): readonly string[] {
  const untold = untoldIn(shape, '', isTold)
  return untold.length > 0 ? [`${what}: ${untold.map((name) => `\`${name}\``).join(', ')}.`, ''] : []
}

/** `file.package.*` where a whole block is not. */
function untoldIn(shape: Shape, prefix: string, isTold: (field: string) => boolean): readonly string[] {
  return Object.entries(shape).flatMap(([name, node]) => {
    const full = prefix + name
    if (isField(node)) return isTold(full) ? [] : [full]
    if (full === 'process.parent' || full === 'process.ancestors') return []
    return [...fieldsOf(node, `${full}.`)].some(([field]) => isTold(field)) ? untoldIn(node, `${full}.`, isTold) : [`${full}.*`]
  })
}

function table(shape: Shape, prefix: string, within?: Shape): readonly string[] {
  return ['| field | kind | meaning |', '|---|---|---|', ...rows(shape, prefix, within), '']
}

/** `within`: the block that is being told, which does not stand for itself. */
function* rows(shape: Shape, prefix: string, within?: Shape): Generator<string> {
  const block = BLOCKS.find((one) => one.shape !== within && holds(shape, one.shape))
  if (block) {
    const repeated = isIterated(shape) ? ', repeated' : ''
    yield `| \`${prefix}*\` | [${block.title.toLowerCase()}](#${anchor(block.title)})${repeated} | ${block.doc} |`
    yield* rows(beyond(shape, block.shape), prefix, within)
    return
  }
  for (const [name, node] of Object.entries(shape)) {
    if (isField(node)) yield `| \`${prefix}${name}\` | ${node.field}${node.array ? '[]' : ''} | ${cell(meaningOf(node))} |`
    else yield* rows(node, `${prefix}${name}.`, within)
  }
}

/** Whether all of a block is there, be it as arrays or derived from another. */
function holds(shape: Shape, block: Shape): boolean {
  return Object.entries(block).every(([name, node]) => {
    const other = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (other === undefined || isField(node) !== isField(other)) return false
    return isField(node) ? node.doc === (other as Field).doc : holds(other as Shape, node)
  })
}

/** What a shape has besides a block. */
function beyond(shape: Shape, block: Shape): Shape {
  const rest: Record<string, Field | Shape> = {}
  for (const [name, node] of Object.entries(shape)) {
    const known = Object.hasOwn(block, name) ? block[name] : undefined
    if (known === undefined) rest[name] = node
    else if (!isField(node) && !isField(known)) {
      const inner = beyond(node, known)
      if (Object.keys(inner).length > 0) rest[name] = inner
    }
  }
  return rest
}

function meaningOf({ doc, constants, derived }: Field): string {
  const follows = derived && 'from' in derived ? ` (*derived* from \`${derived.from}\`)` : ''
  const family = constantFamilies.find((one) => one.constants === constants)
  return `${doc}${follows}${family ? `. [${family.name}](#${anchor(family.name)})` : ''}`
}

function familySection({ name, constants }: ConstantFamily): readonly string[] {
  const all = Object.entries(constants).map(([constant, value]) => `\`${constant}\` ${value}`)
  return [`## ${name}`, '', all.join(', '), '']
}
