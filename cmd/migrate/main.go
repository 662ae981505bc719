// Command migrate verifies CPython release artifacts both ways, by OpenPGP and
// by Sigstore, and reports what changes for somebody who stops checking PGP.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/viper"
)

func main() {
	os.Exit(run(&app{}))
}

// run is main with deferred calls that run. The app may bring a network of its
// own.
func run(a *app) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	a.streams = streams{out: os.Stdout, err: os.Stderr}
	a.now, a.config = time.Now, viper.New()
	// sigstore-go writes a line to os.Stderr for every bundle with a P-384 key
	// over SHA-256. That fact is a finding of the report; the terminal is ours.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		defer null.Close()
		os.Stderr = null
	}
	return a.execute(ctx, os.Args[1:])
}
