"""Horizontal compensation (横向生态保护补偿): compacts as data, statements, their comparison."""
