package compare

import (
	"fmt"
	"slices"
)

var verdictNames = []string{
	"unchecked", "equivalent", "sigstore-only", "pgp-only", "unsigned", "conflict", "failed",
}

// String returns the verdict as it stands in reports, e.g. "sigstore-only".
func (v Verdict) String() string { return nameOf("Verdict", verdictNames, v) }

// MarshalText returns String, and an error for a value that is no verdict.
func (v Verdict) MarshalText() ([]byte, error) { return marshal("verdict", verdictNames, v) }

// UnmarshalText reads what MarshalText writes.
func (v *Verdict) UnmarshalText(text []byte) error {
	return unmarshal("verdict", verdictNames, text, v)
}

// levelNames has no name for the zero value, which is no level.
var levelNames = []string{"", "note", "warning", "error"}

// String returns the level as it stands in reports, e.g. "warning".
func (l Level) String() string { return nameOf("Level", levelNames, l) }

// MarshalText returns String, and an error for a value that is no level.
func (l Level) MarshalText() ([]byte, error) { return marshal("level", levelNames, l) }

// UnmarshalText reads what MarshalText writes.
func (l *Level) UnmarshalText(text []byte) error { return unmarshal("level", levelNames, text, l) }

var readinessNames = []string{"undetermined", "ready", "ready-with-gaps", "not-ready"}

// String returns the readiness as it stands in reports, e.g. "ready-with-gaps".
func (r Readiness) String() string { return nameOf("Readiness", readinessNames, r) }

// MarshalText returns String, and an error for a value that is no readiness.
func (r Readiness) MarshalText() ([]byte, error) { return marshal("readiness", readinessNames, r) }

// UnmarshalText reads what MarshalText writes.
func (r *Readiness) UnmarshalText(text []byte) error {
	return unmarshal("readiness", readinessNames, text, r)
}

// named reports whether names has a name for value.
func named[T ~uint8](names []string, value T) bool {
	return int(value) < len(names) && names[value] != ""
}

func nameOf[T ~uint8](kind string, names []string, value T) string {
	if named(names, value) {
		return names[value]
	}
	return fmt.Sprintf("compare.%s(%d)", kind, uint8(value))
}

func marshal[T ~uint8](kind string, names []string, value T) ([]byte, error) {
	if !named(names, value) {
		return nil, fmt.Errorf("no such %s: %d", kind, uint8(value))
	}
	return []byte(names[value]), nil
}

func unmarshal[T ~uint8](kind string, names []string, text []byte, value *T) error {
	i := slices.Index(names, string(text))
	if i < 0 || len(text) == 0 {
		return fmt.Errorf("no such %s: %q", kind, text)
	}
	*value = T(i)
	return nil
}
