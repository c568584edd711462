"""The river network: reaches and places as values, checked once, and questions about what is up- and downstream.

rows, faults = read_table(data)                       # or read_geojson; adapters.shapefile for shapefiles
network = build(collect(rows)[0])                     # NetworkError with all faults at once
network = upper_yangtze()                             # the facts that ship, schematic
network.upstream("50.寸滩")                           # places above it, nearest tributary by tributary
network.distance("51.手爬岩", "50.寸滩")               # m along the water; None if it does not flow there
travel(network).hours("51.手爬岩", "50.寸滩")          # at the typical flow, or at another
course(network, "51.手爬岩", "50.白帝城")              # the way down, as transport takes it
"""
