# Checks, fuzzing, lint, benchmarks: the targets that people call.
.PHONY: unit help clean
help:
	@sed -n 's/^# *make/make/p' Makefile tools/targets.mk
clean:
	rm -rf build
