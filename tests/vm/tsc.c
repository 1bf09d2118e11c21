/* The rate of this machine's time-stamp counter in kHz, for the kernel of an emulated machine (image.sh). */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void) {
  struct timespec window = {.tv_nsec = 500000000};
  double began = seconds();
  unsigned long long first = __rdtsc();
  nanosleep(&window, NULL);
  double ended = seconds();
  unsigned long long last = __rdtsc();
  return printf("%.0f\n", (double)(last - first) / (ended - began) / 1e3) < 0;
}
