# SPDX-License-Identifier: GPL-2.0-or-later
# Draw what 'bench-report.py data' has left in the folder 'data' into 'out'.
set terminal svg size 640,400 font 'sans-serif,14' background '#ffffff'
set datafile missing '?'
set encoding utf8
set border 3 linecolor rgb '#777777'
set xtics nomirror
set ytics nomirror
set grid ytics linecolor rgb '#dddddd'
set key top left Left reverse samplen 2
base = '#c0392b'
series = '#1f6fb2'
limit = '#777777'

set logscale xy
set format y '%.0s %cs'
set output out.'/latency.svg'
set title 'Reading lines: time of one call'
set xlabel 'lines read at once'
set xtics (1, 8, 32, 64)
plot data.'/latency.dat' using 1:($2 / 1e9) with linespoints lw 2 pt 7 lc rgb base title 'Linux without the series', \
     '' using 1:($3 / 1e9) with linespoints lw 2 pt 7 lc rgb series title 'with the series', \
     '' using 1:($4 / 1e9) with lines lw 2 dt 2 lc rgb limit title 'floor: the bare virtqueue'

set output out.'/probe.svg'
set title 'Binding the driver to a device'
set xlabel 'lines of the device'
set xtics ('64' 64, '1,024' 1024, '65,535' 65535)
plot data.'/probe.dat' using 1:($2 / 1e9) with linespoints lw 2 pt 7 lc rgb base title 'Linux without the series', \
     '' using 1:($3 / 1e9) with linespoints lw 2 pt 7 lc rgb series title 'with the series'

unset logscale y
set format y '%.0f'
set yrange [0:*]
set key bottom right
set output out.'/threads.svg'
set title 'Threads that read a line each'
set xlabel 'threads'
set ylabel 'reads a second'
set xtics (1, 4, 16)
plot data.'/threads.dat' using 1:2 with linespoints lw 2 pt 7 lc rgb base title 'Linux without the series', \
     '' using 1:3 with linespoints lw 2 pt 7 lc rgb series title 'with the series'
