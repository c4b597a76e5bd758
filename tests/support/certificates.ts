import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Identity {
  readonly key: string
  readonly cert: string
}

/** A certificate authority of the test, and servers with certificates by it. */
export class TestAuthority {
  readonly #folder: string
  readonly caFile: string

  constructor(folder: string) {
    this.#folder = folder
    this.caFile = join(folder, 'ca.pem')
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Test CA',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    )
  }

  /** `names` as in subjectAltName: `DNS:localhost,IP:127.0.0.1`. `validity` in words of `openssl x509`: two days from now unless told otherwise. */
  identity(name: string, names: string, validity: readonly string[] = ['-days', '2']): Identity {
    writeFileSync(join(this.#folder, `${name}.ext`), `subjectAltName=${names}\n`)
    this.#openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      ...validity,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
    return { key: readFileSync(join(this.#folder, `${name}.key`), 'utf8'), cert: readFileSync(join(this.#folder, `${name}.pem`), 'utf8') }
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
