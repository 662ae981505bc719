package audit

import (
	"os"
	"testing"
)

// TestMain keeps the library's chatter about P-384/SHA-256 bundles out of the
// output, as the command does.
func TestMain(m *testing.M) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	os.Stderr = null
	os.Exit(m.Run())
}
