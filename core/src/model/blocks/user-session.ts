import { int, string, strings } from '../field.ts'

/** The session that a process was started in, where somebody came in by Kubernetes or SSH. */
export const userSessionBlock = {
  k8s_username: string('Kubernetes user who executed into the container'),
  k8s_uid: string('User id of that user in Kubernetes'),
  k8s_groups: strings('Groups of that user in Kubernetes'),
  ssh_username: string('User who logged in by SSH'),
  ssh_client_ip: string('Address that the SSH client came from'),
  ssh_port: int('Port that the SSH client came from'),
  ssh_auth_method: int('How the SSH client proved who it is: 0 not known, 1 password, 2 public key'),
  ssh_public_key: string('Fingerprint of the public key'),
} as const
