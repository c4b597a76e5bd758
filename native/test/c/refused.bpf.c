// SPDX-License-Identifier: Apache-2.0
/* A program that every verifier refuses: it reads a register that was never written. */
__attribute__((section("license"), used)) char LICENSE[] = "Apache-2.0";

__attribute__((section("raw_tp/sched_process_exec"), used)) int refused(void *context)
{
	int result;

	(void)context;
	asm volatile("%0 = r9" : "=r"(result));
	return result;
}
